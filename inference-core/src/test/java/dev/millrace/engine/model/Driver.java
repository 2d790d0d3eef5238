package dev.millrace.engine.model;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Drives a model by hand, for tests: one sequence, a fixed block table. Not thread-safe. */
public final class Driver {

  private final ForwardPass model;
  private final int[] blocks;

  /** A sequence that owns all blocks of the model, in order. */
  public Driver(ForwardPass model) {
    this(model, IntStream.range(0, model.kv().blocks()).toArray());
  }

  /** A sequence with this block table. */
  public Driver(ForwardPass model, int[] blocks) {
    this.model = model;
    this.blocks = blocks.clone();
  }

  /** Logits of every token, computed in steps of at most {@code chunk} tokens. */
  public float[][] logits(int[] tokens, int chunk) {
    float[][] rows = new float[tokens.length][];
    for (int at = 0; at < tokens.length; at += chunk) {
      int[] part = Arrays.copyOfRange(tokens, at, Math.min(tokens.length, at + chunk));
      Logits logits = step(part, at, IntStream.range(0, part.length).toArray());
      for (int i = 0; i < part.length; i++) {
        rows[at + i] = row(logits, i);
      }
    }
    return rows;
  }

  /** Greedy continuation, one token per step after the prompt. */
  public int[] greedy(int[] prompt, int count) {
    int[] ids = new int[count];
    Logits logits = step(prompt, 0, new int[] {prompt.length - 1});
    for (int i = 0; i < count; i++) {
      ids[i] = logits.argmax(0);
      if (i + 1 < count) {
        logits = step(new int[] {ids[i]}, prompt.length + i, new int[] {0});
      }
    }
    return ids;
  }

  /** One step of this sequence alone. */
  public Logits step(int[] tokens, int position, int[] logitRows) {
    StepLayout.Run run = new StepLayout.Run(tokens, position, blocks);
    return model.forward(new StepLayout(List.of(run)), logitRows);
  }

  /** A copy of one row. */
  public static float[] row(Logits logits, int row) {
    float[] values = new float[logits.vocabulary()];
    logits.copy(row, values);
    return values;
  }
}
