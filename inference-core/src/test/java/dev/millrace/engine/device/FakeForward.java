package dev.millrace.engine.device;

import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.model.ForwardPass;
import dev.millrace.engine.sampling.RowLogits;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/**
 * A model without arithmetic: its key-value blocks hold token ids, and the logits of a row are a
 * hash of every token that the row can see through its block table. A wrong block, a missed or
 * misordered copy, a lost token or an early eviction changes what comes out.
 */
final class FakeForward implements ForwardPass {
  private static final int NOTHING = -7;

  private final int vocabulary;
  private final int contextTokens;
  private final int stepRowsMax;
  private final KvShape shape;
  private final int[][] blocks;
  private Optional<LocalKv> local = Optional.empty();
  private int[][] localBlocks = {};
  private long computedRows;
  private int failAfterSteps = Integer.MAX_VALUE;
  private boolean closed;
  private Runnable onStep = () -> {};

  FakeForward(int vocabulary, int contextTokens, int stepRowsMax, int blocks, int blockTokens) {
    this.vocabulary = vocabulary;
    this.contextTokens = contextTokens;
    this.stepRowsMax = stepRowsMax;
    shape = new KvShape(1, blocks, blockTokens, 1, 1);
    this.blocks = new int[blocks][blockTokens];
    for (int[] block : this.blocks) {
      Arrays.fill(block, NOTHING);
    }
  }

  /**
   * Gives some layers blocks of their own: what they see must be the same there.
   *
   * @param firstVisible least position that a token at a position sees
   */
  FakeForward withLocal(int count, int ofASequence, IntUnaryOperator firstVisible) {
    KvShape own = new KvShape(1, count, shape.blockTokens(), 1, 1, true);
    local = Optional.of(new LocalKv(own, ofASequence, firstVisible));
    localBlocks = new int[count][shape.blockTokens()];
    for (int[] block : localBlocks) {
      Arrays.fill(block, NOTHING);
    }
    return this;
  }

  @Override
  public Optional<LocalKv> localKv() {
    return local;
  }

  /** What a model says after {@code length} tokens of {@code history}. */
  static float[] logits(int[] history, int length, int vocabulary) {
    long hash = 0x243F6A8885A308D3L;
    for (int i = 0; i < length; i++) {
      hash = mix(hash ^ history[i]) + i;
    }
    float[] row = new float[vocabulary];
    for (int id = 0; id < vocabulary; id++) {
      row[id] = (mix(hash + id) >>> 40) * 0x1.0p-21f;
    }
    return row;
  }

  private static long mix(long value) {
    long z = (value + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
    return z ^ (z >>> 29);
  }

  void onStep(Runnable action) {
    onStep = action;
  }

  void failAfterSteps(int steps) {
    failAfterSteps = steps;
  }

  long computedRows() {
    return computedRows;
  }

  boolean closed() {
    return closed;
  }

  @Override
  public Logits forward(StepLayout layout, int[] logitRows) {
    onStep.run();
    if (failAfterSteps-- <= 0) {
      throw new BackendException("the fake device is lost");
    }
    if (layout.rows() > stepRowsMax) {
      throw new AssertionError("a step of " + layout.rows() + " rows");
    }
    write(layout);
    float[][] rows = new float[logitRows.length][];
    int wanted = 0;
    int row = 0;
    for (StepLayout.Run run : layout.runs()) {
      int[] history = local.isPresent() ? history(run) : null;
      for (int i = 0; i < run.tokens().length; i++, row++) {
        if (history != null) {
          checkLocal(run, history, run.position() + i);
        }
        if (wanted < logitRows.length && logitRows[wanted] == row) {
          history = history == null ? history(run) : history;
          rows[wanted++] = logits(history, run.position() + i + 1, vocabulary);
        }
      }
    }
    if (wanted != logitRows.length) {
      throw new AssertionError("logit rows are not ascending rows of the step");
    }
    computedRows += layout.rows();
    return rows.length == 0 ? new RowLogits(new float[vocabulary]) : new RowLogits(rows);
  }

  private void checkLocal(StepLayout.Run run, int[] history, int position) {
    if (local.isEmpty()) {
      return;
    }
    int bt = shape.blockTokens();
    for (int p = local.get().firstVisible().applyAsInt(position); p <= position; p++) {
      if (localBlocks[run.localBlocks()[p / bt]][p % bt] != history[p]) {
        throw new AssertionError("a token at " + position + " sees another one at " + p);
      }
    }
  }

  private void write(StepLayout layout) {
    Set<Integer> writtenLocally = new HashSet<>();
    Set<Integer> written = new HashSet<>();
    for (StepLayout.Run run : layout.runs()) {
      int end = run.position() + run.tokens().length;
      if (end > contextTokens) {
        throw new AssertionError("a sequence of " + end + " tokens");
      }
      for (int i = 0; i < run.tokens().length; i++) {
        int position = run.position() + i;
        int block = run.blocks()[position / shape.blockTokens()];
        if ((i == 0 || position % shape.blockTokens() == 0) && !written.add(block)) {
          throw new AssertionError("two sequences write block " + block);
        }
        blocks[block][position % shape.blockTokens()] = run.tokens()[i];
        if (local.isPresent()) {
          int own = run.localBlocks()[position / shape.blockTokens()];
          if ((i == 0 || position % shape.blockTokens() == 0) && !writtenLocally.add(own)) {
            throw new AssertionError("two sequences write local block " + own);
          }
          localBlocks[own][position % shape.blockTokens()] = run.tokens()[i];
        }
      }
    }
  }

  private int[] history(StepLayout.Run run) {
    int[] history = new int[run.position() + run.tokens().length];
    for (int i = 0; i < history.length; i++) {
      history[i] = blocks[run.blocks()[i / shape.blockTokens()]][i % shape.blockTokens()];
    }
    return history;
  }

  @Override
  public void copyBlocks(int[] from, int[] to) {
    copy(blocks, from, to);
  }

  @Override
  public void copyLocalBlocks(int[] from, int[] to) {
    copy(localBlocks, from, to);
  }

  private static void copy(int[][] blocks, int[] from, int[] to) {
    Set<Integer> targets = new HashSet<>();
    for (int i = 0; i < from.length; i++) {
      blocks[to[i]] = blocks[from[i]].clone();
      targets.add(to[i]);
    }
    if (targets.size() != to.length || Arrays.stream(from).anyMatch(targets::contains)) {
      throw new AssertionError("copies depend on their order");
    }
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public int stepRowsMax() {
    return stepRowsMax;
  }

  @Override
  public KvShape kv() {
    return shape;
  }

  @Override
  public BackendInfo backend() {
    return new BackendInfo("fake", "none", "none", 0, "bitwise");
  }

  @Override
  public int contextTokens() {
    return contextTokens;
  }

  @Override
  public void close() {
    closed = true;
  }
}
