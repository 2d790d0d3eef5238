package dev.millrace.engine.backend.cuda;

/**
 * What a launch has to know of a step: extents that grids are made of. Everything else lies in the
 * control block on the device. Immutable.
 *
 * @param rows rows of the step
 * @param capacity rows that grids are made for: {@code rows}, or the bucket of a step that is
 *     deferred
 * @param shortRuns runs, or capacity of runs, that are attended in splits
 * @param longRuns runs that are attended by one block for all keys
 * @param splits most splits of a short run, or a capacity for them
 * @param largestToken largest token id
 * @param control address of the control block
 * @param localControl address of the control block whose tables name local blocks; the same if
 *     there are none
 */
record StepShape(
    int rows,
    int capacity,
    int shortRuns,
    int longRuns,
    int splits,
    int largestToken,
    long control,
    long localControl) {

  /** The control block whose tables name the blocks of a cache. */
  long control(CudaKvCache cache) {
    return cache.shape().local() ? localControl : control;
  }

  /** The same step with another control block for local blocks. */
  StepShape withLocal(StepShape local) {
    return new StepShape(
        rows, capacity, shortRuns, longRuns, splits, largestToken, control, local.control);
  }

  /**
   * The same step for grids that other steps of its bucket share: every row may be a run of its
   * own, and the number of splits is the next power of two.
   */
  StepShape shared() {
    int sharedSplits = splits == 1 ? 1 : Integer.highestOneBit(splits - 1) * 2;
    return new StepShape(
        rows, capacity, capacity, 0, sharedSplits, largestToken, control, localControl);
  }
}
