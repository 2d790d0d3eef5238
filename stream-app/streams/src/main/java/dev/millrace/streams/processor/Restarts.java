package dev.millrace.streams.processor;

/**
 * How often a process ended while a document may have been in flight. A document can end a process,
 * by a fault in native code for instance, and would do so again after each restart; but most that
 * were in flight at such an end are innocent. So after {@link #TOGETHER} ends a document is
 * submitted alone, and from then on only an end that finds it alone is counted against it.
 *
 * @param count ends of processes that found it in flight
 * @param alone whether it is in flight with nothing beside it, or just about to be
 * @param process the process that has it; a random number
 */
public record Restarts(int count, boolean alone, long process) {
  /** Ends at which others were in flight beside it: of these, one may be an accident. */
  static final int TOGETHER = 2;

  /** Of a document that was consumed by {@code process}. */
  public static Restarts none(long process) {
    return new Restarts(0, false, process);
  }

  /** Whether it is submitted alone. */
  boolean suspect() {
    return count >= TOGETHER;
  }

  /** The same, submitted alone from now on, or not any more. */
  Restarts alone(boolean now) {
    return new Restarts(count, now, process);
  }

  /**
   * The same after {@code finder} found it pending and among those that may have been in flight.
   * Nothing is counted if it is the same process, which then has not ended: a stream task came
   * back.
   */
  Restarts found(long finder) {
    boolean ended = finder != process;
    boolean counts = ended && (!suspect() || alone);
    return new Restarts(counts ? count + 1 : count, false, finder);
  }
}
