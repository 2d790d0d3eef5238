package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.cuda.StepBlock.BlockRange;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Tells the device which rows a step computes: where it begins, and again where it goes on with
 * some of them. Owned by the engine thread.
 */
final class StepControl implements CudaContext.Resource {

  private final Work work;
  private final int rowsMax;
  private final StepBlock begun;
  // of its own: in one buffer, a step would wait until the step before has come to its end
  private final StepBlock narrowed;
  // the same with the tables of local blocks
  private final StepBlock localBegun;
  private final StepBlock localNarrowed;
  private final RowSelection kept;
  private @Nullable StepLayout layout;
  private BlockRange blocks = BlockRange.NONE;
  private BlockRange localBlocks = BlockRange.NONE;

  /** Borrows both and allocates, for steps of up to {@code rowsMax} rows. */
  StepControl(Work work, CudaStream stream, int rowsMax) {
    this.work = work;
    this.rowsMax = rowsMax;
    int partials = AttentionLayers.partialCapacity(rowsMax);
    begun = new StepBlock(stream, rowsMax, partials);
    narrowed = new StepBlock(stream, rowsMax, partials);
    localBegun = new StepBlock(stream, rowsMax, partials);
    localNarrowed = new StepBlock(stream, rowsMax, partials);
    kept = new RowSelection(stream, rowsMax);
  }

  /** Bytes on the device, unless a step's block tables need more. */
  static long bytes(int rowsMax) {
    return 4 * StepBlock.bytes(rowsMax) + RowSelection.bytes(rowsMax);
  }

  /**
   * Sends a step that begins. One in which every sequence advances by one token is deferred.
   *
   * @param cache the blocks that exist
   * @param local the local blocks that exist, if some do
   * @param graphs whether steps may be deferred
   */
  StepShape begin(StepLayout step, BlockRange cache, BlockRange local, boolean graphs) {
    int rows = step.rows();
    if (rows > rowsMax) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a step of %d rows, but no activations for more than %d",
              rows,
              rowsMax));
    }
    boolean repeats = graphs && rows <= Buckets.ROWS_MAX && rows == step.runs().size();
    int capacity = repeats ? Buckets.capacity(rows) : rows;
    layout = step;
    blocks = cache;
    localBlocks = local;
    StepShape shape = send(begun, localBegun, capacity, step);
    if (repeats && shape.longRuns() == 0) {
      work.defer();
      return shape.shared();
    }
    return shape;
  }

  /**
   * Goes on with some of the rows. What was deferred starts now: its launches may be a graph
   * already, while the rest of the step is of a size that seldom comes again.
   *
   * @param rows ascending, at least one
   * @param step as it was
   * @param values whose rows {@code rows} become the first
   */
  StepShape keep(int[] rows, StepShape step, CudaRows... values) {
    if (layout == null) {
      throw new IllegalStateException("begin() comes before keep()");
    }
    StepLayout rest = layout.keep(rows);
    work.flush();
    kept.send(rows, 0, rows.length);
    for (CudaRows each : values) {
      each.keep(kept.address(), step.capacity(), work);
    }
    layout = rest;
    return send(narrowed, localNarrowed, rows.length, rest);
  }

  private StepShape send(StepBlock block, StepBlock localBlock, int capacity, StepLayout rows) {
    StepShape shape = block.send(rows, capacity, blocks, AttentionLayers.SHORT_RUN_ROWS);
    if (localBlocks.blocks() == 0) {
      return shape;
    }
    return shape.withLocal(
        localBlock.send(rows, capacity, localBlocks, AttentionLayers.SHORT_RUN_ROWS));
  }

  @Override
  public void close() {
    begun.close();
    narrowed.close();
    localBegun.close();
    localNarrowed.close();
    kept.close();
  }
}
