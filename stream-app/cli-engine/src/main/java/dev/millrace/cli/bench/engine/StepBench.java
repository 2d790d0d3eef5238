package dev.millrace.cli.bench.engine;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.model.ForwardPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Times steps of a model without the scheduler. Single-threaded. */
final class StepBench {

  private static final int CHUNK = 100;
  private static final int CHECKED = 3 * CHUNK;

  /** Rows of the largest step of {@link #check}. */
  static final int STEP_TOKENS_MIN = CHECKED + CHUNK;

  private final ForwardPass model;
  private final Workload work;
  private final SplittableRandom random;

  StepBench(ForwardPass model, Workload work, long seed) {
    this.model = model;
    this.work = work;
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
    int[] ids = tokens(CHECKED);
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
    StepLayout.Run other = new StepLayout.Run(tokens(CHUNK), 0, blocks(blocks.length, CHUNK));
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
          String.format(
              Locale.ROOT,
              "the check of the result failed: logit %d of a sequence %s is %s, alone it is %s",
              at,
              what,
              found[at],
              expected[at]));
    }
  }

  /** Blocks that {@link #check} uses. */
  static int checkBlocks(int blockTokens) {
    return Math.ceilDiv(CHECKED, blockTokens) + Math.ceilDiv(CHUNK, blockTokens);
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
    int[] ids = tokens(work.prefillTokens());
    int[] blocks = blocks(0, ids.length);
    long start = System.nanoTime();
    int at = 0;
    for (; ids.length - at > model.stepRowsMax(); at += model.stepRowsMax()) {
      int[] part = Arrays.copyOfRange(ids, at, at + model.stepRowsMax());
      model.forward(layout(new StepLayout.Run(part, at, blocks)), new int[0]);
    }
    int[] last = Arrays.copyOfRange(ids, at, ids.length);
    model
        .forward(layout(new StepLayout.Run(last, at, blocks)), new int[] {last.length - 1})
        .argmax(0);
    return ids.length / seconds(start);
  }

  /** Tokens per second of {@code sequences} greedy continuations of different random prompts. */
  double decode(int sequences) {
    int[][] blocks = new int[sequences][];
    int length = work.decodePrompt() + work.decodeSteps();
    int perSequence = Math.ceilDiv(length, model.kv().blockTokens());
    for (int s = 0; s < sequences; s++) {
      blocks[s] = blocks(s * perSequence, length);
    }
    int[] current = prompts(blocks);
    int[] all = IntStream.range(0, sequences).toArray();
    List<StepLayout.Run> runs = new ArrayList<>();
    long start = System.nanoTime();
    for (int step = 0; step < work.decodeSteps(); step++) {
      runs.clear();
      for (int s = 0; s < sequences; s++) {
        int position = work.decodePrompt() + step;
        runs.add(new StepLayout.Run(new int[] {current[s]}, position, blocks[s]));
      }
      current = likeliest(model.forward(new StepLayout(runs), all));
    }
    return sequences * (double) work.decodeSteps() / seconds(start);
  }

  /** Fills random prompts in, as many to a step as it has room for; the token after each. */
  private int[] prompts(int[][] blocks) {
    int[] next = new int[blocks.length];
    int size = work.decodePrompt();
    int together = Math.max(1, model.stepRowsMax() / size);
    for (int first = 0; first < blocks.length; first += together) {
      int count = Math.min(together, blocks.length - first);
      int part = Math.min(size, model.stepRowsMax());
      for (int at = 0; at < size; at += part) {
        int rows = Math.min(part, size - at);
        List<StepLayout.Run> runs = new ArrayList<>();
        for (int s = 0; s < count; s++) {
          runs.add(new StepLayout.Run(tokens(rows), at, blocks[first + s]));
        }
        int[] lastRows = IntStream.rangeClosed(1, count).map(s -> s * rows - 1).toArray();
        int[] ids = likeliest(model.forward(new StepLayout(runs), lastRows));
        System.arraycopy(ids, 0, next, first, count);
      }
    }
    return next;
  }

  private static int[] likeliest(Logits logits) {
    return IntStream.range(0, logits.rows()).map(logits::argmax).toArray();
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
