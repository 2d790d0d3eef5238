package dev.millrace.engine.scheduling;

/**
 * How many requests run at once while work begins: a few, then two more for each that is finished.
 *
 * <p>Without it the first of many requests that come together waits for the prefill of all, which
 * takes its share of every step. Once the first are answered, there is no difference. Owned by the
 * scheduler's thread.
 */
final class AdmissionWindow {
  private static final int MORE_FOR_EACH = 2;

  private final int first;
  private final int all;
  private int requests;

  /**
   * Begins small.
   *
   * @param first requests at once in the beginning; 0 for all
   * @param all from how many on there is no limit
   */
  AdmissionWindow(int first, int all) {
    this.first = first == 0 ? all : Math.min(first, all);
    this.all = all;
    requests = this.first;
  }

  /** Whether one more may begin beside those that run. */
  boolean hasRoomBeside(int running) {
    return running < requests || requests == all;
  }

  /** A request has got all its answers. */
  void finished() {
    requests = Math.min(requests + MORE_FOR_EACH, all);
  }

  /** Nothing is left to do: what comes next comes first again. */
  void idle() {
    requests = first;
  }
}
