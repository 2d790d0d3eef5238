package dev.millrace.cli;

/**
 * A command cannot go on for a reason its user can act on. The message is printed as it is, on
 * standard error; the stack trace only with {@code --debug}.
 */
public class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private CommandException(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  private CommandException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** Ends with {@link ExitCode#FAILURE}. */
  public static CommandException failure(String message) {
    return new CommandException(ExitCode.FAILURE, message);
  }

  /** Ends with {@link ExitCode#FAILURE}; the cause is shown with {@code --debug}. */
  public static CommandException failure(String message, Throwable cause) {
    return new CommandException(ExitCode.FAILURE, message, cause);
  }

  /** Ends with {@link ExitCode#USAGE}. */
  public static CommandException usage(String message) {
    return new CommandException(ExitCode.USAGE, message);
  }

  /** Ends with {@link ExitCode#STOPPED}. */
  public static CommandException stopped(String message, Throwable cause) {
    return new CommandException(ExitCode.STOPPED, message, cause);
  }

  /** The number the process ends with. */
  public int exitCode() {
    return exitCode;
  }
}
