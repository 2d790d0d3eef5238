package dev.millrace.cli;

/** What the process ends with. Scripts depend on the numbers. */
public final class ExitCode {
  /** Done. */
  public static final int SUCCESS = 0;

  /** Tried and failed. */
  public static final int FAILURE = 1;

  /** The arguments or the configuration are wrong: the same call cannot succeed. */
  public static final int USAGE = 2;

  /** Stopped by Ctrl-C or SIGTERM before it was done: 128 and the number of SIGINT. */
  public static final int STOPPED = 130;

  private ExitCode() {}
}
