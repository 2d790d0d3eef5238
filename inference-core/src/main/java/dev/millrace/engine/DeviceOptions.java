package dev.millrace.engine;

/**
 * The device that models share.
 *
 * @param backend {@code auto}, or a backend's name
 * @param threads compute threads of a CPU; 0 for all cores
 */
public record DeviceOptions(String backend, int threads) {

  /** The best device there is, and all of it. */
  public static final DeviceOptions DEFAULTS = new DeviceOptions("auto", 0);

  /** Refuses a negative number of threads. */
  public DeviceOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 or more, got " + threads);
    }
  }
}
