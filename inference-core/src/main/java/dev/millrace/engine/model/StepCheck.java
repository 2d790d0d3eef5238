package dev.millrace.engine.model;

import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.StepLayout;
import java.util.BitSet;
import java.util.Locale;

/**
 * Refuses a step that would read or write what is not its own, before a device sees it. Owned by
 * the engine thread.
 */
final class StepCheck {

  private final int rowsMax;
  private final int vocabulary;
  private final int contextTokens;
  private final KvLayout kv;
  private final BitSet written;
  private final BitSet writtenLocally = new BitSet();

  StepCheck(int rowsMax, int vocabulary, int contextTokens, KvLayout kv) {
    this.rowsMax = rowsMax;
    this.vocabulary = vocabulary;
    this.contextTokens = contextTokens;
    this.kv = kv;
    this.written = new BitSet(kv.full().blocks());
  }

  void layout(StepLayout layout) {
    int rows = layout.rows();
    check(rows <= rowsMax, "rows of the step", rows, rowsMax);
    written.clear();
    writtenLocally.clear();
    for (StepLayout.Run run : layout.runs()) {
      run(run);
    }
  }

  private void run(StepLayout.Run run) {
    for (int token : run.tokens()) {
      check(token >= 0 && token < vocabulary, "token id", token, vocabulary - 1);
    }
    long end = (long) run.position() + run.tokens().length;
    check(end <= contextTokens, "tokens of a sequence", end, contextTokens);
    table(run, end, kv.full(), written);
    if (kv.local().isPresent()) {
      table(run, end, kv.local().get(), writtenLocally);
    }
  }

  private static void table(StepLayout.Run run, long end, KvShape shape, BitSet written) {
    int[] table = shape.table(run);
    int blocks = Math.toIntExact(Math.ceilDiv(end, shape.blockTokens()));
    check(blocks <= table.length, "blocks of a run", blocks, table.length);
    for (int i = 0; i < blocks; i++) {
      block(table[i], shape);
    }
    for (int i = run.position() / shape.blockTokens(); i < blocks; i++) {
      int block = table[i];
      if (written.get(block)) {
        throw new IllegalArgumentException("two runs of a step write block " + block);
      }
      written.set(block);
    }
  }

  void logitRows(int[] logitRows, int rows) {
    int least = 0;
    for (int row : logitRows) {
      if (row < least || row >= rows) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "logit rows ascend from 0 to %d, got %d where %d was the least",
                rows - 1,
                row,
                least));
      }
      least = row + 1;
    }
  }

  void copy(int[] from, int[] to, KvShape shape) {
    check(from.length == to.length, "blocks copied from", from.length, to.length);
    for (int i = 0; i < from.length; i++) {
      block(from[i], shape);
      block(to[i], shape);
    }
  }

  private static void block(int block, KvShape shape) {
    check(block >= 0 && block < shape.blocks(), "block", block, shape.blocks() - 1);
  }

  private static void check(boolean holds, String what, long found, long limit) {
    if (!holds) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: got %d, limit %d", what, found, limit));
    }
  }
}
