package dev.millrace.streams.cli.bench.engine;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.model.ForwardPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Times steps of a model without the scheduler. Single-threaded. */
final class StepBench {

  static final int PREFILL_TOKENS = 1024;
  static final int DECODE_PROMPT = 16;
  static final int DECODE_STEPS = 63;

  private static final int CHUNK = 100;

  private final ForwardPass model;
  private final SplittableRandom random;

  StepBench(ForwardPass model, long seed) {
    this.model = model;
    this.random = new SplittableRandom(seed);
  }

  private int[] tokens(int count) {
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> random.nextInt(model.vocabulary()));
    return ids;
  }

  /**
   * A sequence alone, in parts, and among others must give the same bits; without that a speed
   * means nothing.
   *
   * @throws IllegalStateException naming the first difference
   */
  void check() {
    int[] ids = tokens(3 * CHUNK);
    int[] blocks = blocks(0, ids.length);
    int[] lastRow = {ids.length - 1};
    float[] whole = copy(model.forward(layout(new StepLayout.Run(ids, 0, blocks)), lastRow), 0);
    float[] parts = new float[0];
    for (int at = 0; at < ids.length; at += CHUNK) {
      int[] part = Arrays.copyOfRange(ids, at, at + CHUNK);
      StepLayout.Run run = new StepLayout.Run(part, at, blocks);
      parts = copy(model.forward(layout(run), new int[] {CHUNK - 1}), 0);
    }
    same("in parts", whole, parts);
    StepLayout.Run other = new StepLayout.Run(tokens(CHUNK), 0, blocks(5, CHUNK));
    StepLayout.Run own = new StepLayout.Run(ids, 0, blocks);
    int[] row = {CHUNK + ids.length - 1};
    same("behind another", whole, copy(model.forward(layout(other, own), row), 0));
    for (float value : whole) {
      if (!Float.isFinite(value)) {
        throw new IllegalStateException("the check of the result failed: a logit is " + value);
      }
    }
  }

  private static void same(String what, float[] expected, float[] found) {
    int at = Arrays.mismatch(expected, found);
    if (at >= 0) {
      throw new IllegalStateException(
          "the check of the result failed: logit %d of a sequence %s is %s, alone it is %s"
              .formatted(at, what, found[at], expected[at]));
    }
  }

  private float[] copy(Logits logits, int row) {
    float[] values = new float[model.vocabulary()];
    logits.copy(row, values);
    return values;
  }

  private static StepLayout layout(StepLayout.Run... runs) {
    return new StepLayout(List.of(runs));
  }

  private int[] blocks(int first, int tokens) {
    int count = Math.ceilDiv(tokens, model.kv().blockTokens());
    return IntStream.range(first, first + count).toArray();
  }

  /** Tokens per second of one prefill, logits of the last token included. */
  double prefill() {
    int[] ids = tokens(PREFILL_TOKENS);
    StepLayout layout = layout(new StepLayout.Run(ids, 0, blocks(0, ids.length)));
    long start = System.nanoTime();
    model.forward(layout, new int[] {ids.length - 1}).argmax(0);
    return PREFILL_TOKENS / seconds(start);
  }

  /** Tokens per second of {@code sequences} greedy continuations of different random prompts. */
  double decode(int sequences) {
    int[][] blocks = new int[sequences][];
    int perSequence = Math.ceilDiv(DECODE_PROMPT + DECODE_STEPS, model.kv().blockTokens());
    List<StepLayout.Run> runs = new ArrayList<>();
    for (int s = 0; s < sequences; s++) {
      blocks[s] = blocks(s * perSequence, DECODE_PROMPT + DECODE_STEPS);
      runs.add(new StepLayout.Run(tokens(DECODE_PROMPT), 0, blocks[s]));
    }
    int[] lastRows = IntStream.range(0, sequences).map(s -> (s + 1) * DECODE_PROMPT - 1).toArray();
    int[] current = likeliest(model.forward(new StepLayout(runs), lastRows));
    int[] all = IntStream.range(0, sequences).toArray();
    long start = System.nanoTime();
    for (int step = 0; step < DECODE_STEPS; step++) {
      runs.clear();
      for (int s = 0; s < sequences; s++) {
        runs.add(new StepLayout.Run(new int[] {current[s]}, DECODE_PROMPT + step, blocks[s]));
      }
      current = likeliest(model.forward(new StepLayout(runs), all));
    }
    return sequences * DECODE_STEPS / seconds(start);
  }

  private static int[] likeliest(Logits logits) {
    return IntStream.range(0, logits.rows()).map(logits::argmax).toArray();
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
