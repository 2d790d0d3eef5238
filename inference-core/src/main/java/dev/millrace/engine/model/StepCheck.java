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
  private final KvShape kv;
  private final BitSet written;

  StepCheck(int rowsMax, int vocabulary, int contextTokens, KvShape kv) {
    this.rowsMax = rowsMax;
    this.vocabulary = vocabulary;
    this.contextTokens = contextTokens;
    this.kv = kv;
    this.written = new BitSet(kv.blocks());
  }

  void layout(StepLayout layout) {
    int rows = layout.rows();
    check(rows <= rowsMax, "rows of the step", rows, rowsMax);
    written.clear();
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
    int blocks = Math.toIntExact(Math.ceilDiv(end, kv.blockTokens()));
    check(blocks <= run.blocks().length, "blocks of a run", blocks, run.blocks().length);
    for (int i = 0; i < blocks; i++) {
      block(run.blocks()[i]);
    }
    for (int i = run.position() / kv.blockTokens(); i < blocks; i++) {
      int block = run.blocks()[i];
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

  void copy(int[] from, int[] to) {
    check(from.length == to.length, "blocks copied from", from.length, to.length);
    for (int i = 0; i < from.length; i++) {
      block(from[i]);
      block(to[i]);
    }
  }

  private void block(int block) {
    check(block >= 0 && block < kv.blocks(), "block", block, kv.blocks() - 1);
  }

  private static void check(boolean holds, String what, long found, long limit) {
    if (!holds) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: got %d, limit %d", what, found, limit));
    }
  }
}
