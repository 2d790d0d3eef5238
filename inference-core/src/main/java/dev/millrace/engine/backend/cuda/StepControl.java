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
  private final RowSelection kept;
  private @Nullable StepLayout layout;
  private BlockRange blocks = new BlockRange(0, 0);

  /** Borrows both and allocates, for steps of up to {@code rowsMax} rows. */
  StepControl(Work work, CudaStream stream, int rowsMax) {
    this.work = work;
    this.rowsMax = rowsMax;
    int partials = AttentionLayers.partialCapacity(rowsMax);
    begun = new StepBlock(stream, rowsMax, partials);
    narrowed = new StepBlock(stream, rowsMax, partials);
    kept = new RowSelection(stream, rowsMax);
  }

  /** Bytes on the device, unless a step's block tables need more. */
  static long bytes(int rowsMax) {
    return 2 * StepBlock.bytes(rowsMax) + RowSelection.bytes(rowsMax);
  }

  /**
   * Sends a step that begins. One in which every sequence advances by one token is deferred.
   *
   * @param cache the blocks that exist
   * @param graphs whether steps may be deferred
   */
  StepShape begin(StepLayout step, BlockRange cache, boolean graphs) {
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
    StepShape shape = begun.send(step, capacity, cache, AttentionLayers.SHORT_RUN_ROWS);
    layout = step;
    blocks = cache;
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
    StepShape shape = narrowed.send(rest, rows.length, blocks, AttentionLayers.SHORT_RUN_ROWS);
    layout = rest;
    return shape;
  }

  @Override
  public void close() {
    begun.close();
    narrowed.close();
    kept.close();
  }
}
