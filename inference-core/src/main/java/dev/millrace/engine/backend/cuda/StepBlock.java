package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.StepLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;

/**
 * Writes the control block of a step, in the layout of {@code millrace/step.cuh}, and sends it.
 * Owned by the engine thread.
 */
final class StepBlock implements CudaContext.Resource {

  /** Keys of a split, as the attention kernels cut them. */
  static final int SPLIT_KEYS = 512;

  private static final int HEADER = 32;
  private static final int ROW_WORDS = 4;
  private static final int RUN_WORDS = 8;
  private static final int TABLE_WORDS_AT_FIRST = 4096;

  private final HostWritten buffer;
  private final int partialsMax;
  private MemorySegment words = MemorySegment.NULL;
  private int runsAt;
  private int tablesAt;
  private int partials;
  private int shortRuns;
  private int longRuns;
  private int splits;
  private int largestToken;

  /**
   * Allocates.
   *
   * @param rowsMax most rows of a step
   * @param partialsMax room for results of splits: runs that need more are attended whole
   */
  StepBlock(CudaStream stream, int rowsMax, int partialsMax) {
    this.partialsMax = partialsMax;
    buffer = new HostWritten(stream, bytes(rowsMax));
  }

  /** Bytes on the device, unless a step's block tables need more. */
  static long bytes(int rowsMax) {
    long most = HEADER + (long) (ROW_WORDS + RUN_WORDS) * Buckets.capacity(rowsMax);
    return (most + TABLE_WORDS_AT_FIRST) * Integer.BYTES;
  }

  /**
   * Writes and sends a step.
   *
   * @param capacity rows that the kernels' grids are made for
   * @param cache blocks of tokens; their size and number decide where a position lies
   * @param shortRows runs of at most so many rows are attended in splits
   */
  StepShape send(StepLayout layout, int capacity, BlockRange cache, int shortRows) {
    List<StepLayout.Run> runs = layout.runs();
    runsAt = HEADER + ROW_WORDS * capacity;
    tablesAt = runsAt + RUN_WORDS * runs.size();
    long tables = 0;
    for (StepLayout.Run run : runs) {
      tables += cache.blocksOf(run);
    }
    words = buffer.begin((tablesAt + tables) * Integer.BYTES);
    partials = 0;
    shortRuns = 0;
    longRuns = 0;
    splits = 1;
    largestToken = 0;
    int row = 0;
    for (int r = 0; r < runs.size(); r++) {
      run(r, runs.get(r), row, cache, shortRows);
      row += runs.get(r).tokens().length;
    }
    put(0, row, runs.size(), shortRuns, longRuns);
    for (int i = 4; i < HEADER; i++) {
      put(i, 0);
    }
    buffer.send((long) tablesAt * Integer.BYTES);
    return new StepShape(
        row,
        capacity,
        shortRuns,
        longRuns,
        splits,
        largestToken,
        buffer.address(),
        buffer.address());
  }

  private void run(int index, StepLayout.Run run, int firstRow, BlockRange cache, int shortRows) {
    int rows = run.tokens().length;
    int end = run.position() + rows;
    int runSplits = (end - 1) / SPLIT_KEYS + 1;
    long wanted = partials + (long) rows * runSplits;
    boolean inSplits = rows <= shortRows && wanted <= partialsMax;
    int at = runsAt + RUN_WORDS * index;
    put(at, firstRow, rows, run.position(), tablesAt);
    put(at + 4, inSplits ? partials : 0);
    // these three are lists of their own, kept in the records of other runs
    put(at + 5, 0, 0, 0);
    if (inSplits) {
      put(runsAt + RUN_WORDS * shortRuns + 5, index);
      shortRuns++;
      partials = (int) wanted;
      splits = Math.max(splits, runSplits);
    } else {
      put(runsAt + RUN_WORDS * longRuns + 6, index);
      longRuns++;
    }
    for (int i = 0; i < rows; i++) {
      int token = run.tokens()[i];
      int position = run.position() + i;
      put(HEADER + ROW_WORDS * (firstRow + i), token, position, index, cache.block(run, position));
      largestToken = Math.max(largestToken, token);
    }
    int blocks = cache.blocksOf(run);
    int[] table = cache.table(run);
    for (int i = 0; i < blocks; i++) {
      put(tablesAt + i, cache.checked(table[i]));
    }
    tablesAt += blocks;
  }

  private void put(int at, int... values) {
    for (int i = 0; i < values.length; i++) {
      words.setAtIndex(ValueLayout.JAVA_INT, at + i, values[i]);
    }
  }

  @Override
  public void close() {
    buffer.close();
  }

  /**
   * The blocks that exist.
   *
   * @param blockTokens tokens of a block; 0 if there is no cache
   * @param blocks number of blocks
   * @param local whether they are those of layers that see a part of a sequence
   */
  record BlockRange(int blockTokens, int blocks, boolean local) {

    /** No cache. */
    static final BlockRange NONE = new BlockRange(0, 0, false);

    /** The table of a run that names these blocks. */
    int[] table(StepLayout.Run run) {
      return local ? run.localBlocks() : run.blocks();
    }

    /** Blocks of a run that hold a token of it or one before it. */
    int blocksOf(StepLayout.Run run) {
      return blockTokens == 0 ? 0 : Math.ceilDiv(run.position() + run.tokens().length, blockTokens);
    }

    /** The block that holds a position of a run; refuses one that would corrupt memory. */
    int block(StepLayout.Run run, int position) {
      if (blockTokens == 0) {
        return 0;
      }
      return checked(table(run)[position / blockTokens]);
    }

    /** The block, if it exists. */
    int checked(int block) {
      if (block < 0 || block >= blocks) {
        throw new IndexOutOfBoundsException(
            String.format(Locale.ROOT, "block %d of %d", block, blocks));
      }
      return block;
    }
  }
}
