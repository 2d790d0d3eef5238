package dev.millrace.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what went wrong into a line on standard error and an exit code. A stack trace is for those
 * who ask for it.
 */
final class FailureReport implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private static final int CAUSES_MAX = 4;

  private final MillraceCommand root;
  private final UnaryOperator<String> mask;
  private final Function<Throwable, OptionalInt> exitCodes;

  /**
   * A report that shows no secrets.
   *
   * @param mask hides the secrets of a text
   * @param exitCodes of failures whose message stands alone; empty for others
   */
  FailureReport(
      MillraceCommand root,
      UnaryOperator<String> mask,
      Function<Throwable, OptionalInt> exitCodes) {
    this.root = root;
    this.mask = mask;
    this.exitCodes = exitCodes;
  }

  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    OptionalInt known = exitCodes.apply(failure);
    String message = known.isPresent() ? String.valueOf(failure.getMessage()) : describe(failure);
    err.println("millrace: " + mask.apply(message));
    printTrace(failure, err);
    err.flush();
    return known.orElse(ExitCode.FAILURE);
  }

  @Override
  public int handleParseException(ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("millrace: " + mask.apply(String.valueOf(failure.getMessage())));
    if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
      command.usage(err);
    }
    printTrace(failure, err);
    err.flush();
    return ExitCode.USAGE;
  }

  private void printTrace(Throwable failure, PrintWriter err) {
    if (root.debug()) {
      StringWriter trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace));
      err.print(mask.apply(trace.toString()));
    }
  }

  /** What a failure that nobody expected says, with its type and causes. */
  private static String describe(Throwable failure) {
    List<String> parts = new ArrayList<>();
    Throwable current = failure;
    for (int i = 0; current != null && i < CAUSES_MAX; i++) {
      String message = current.getMessage();
      String part =
          message == null || message.isBlank() ? current.getClass().getSimpleName() : message;
      boolean says = current.getClass().getName().startsWith("dev.millrace");
      String line =
          says || message == null ? part : current.getClass().getSimpleName() + ": " + part;
      if (parts.isEmpty() || !parts.getLast().contains(part)) {
        parts.add(line);
      }
      current = current.getCause();
    }
    return String.join("; cause: ", parts) + " (--debug shows where)";
  }
}
