package dev.millrace.engine.template;

/**
 * Python's range. Immutable.
 *
 * @param start first number
 * @param stop where it ends, exclusive
 * @param step not zero
 */
record Range(long start, long stop, long step) implements Value {
  /** The sandbox's own limit. */
  static final int LENGTH_MAX = 100_000;

  long length() {
    long span = step > 0 ? stop - start : start - stop;
    return span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
  }

  Value at(long index) {
    return new Int(start + index * step);
  }

  @Override
  public String type() {
    return "range";
  }
}
