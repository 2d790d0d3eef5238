package dev.millrace.streams.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/**
 * Runs one command of a set. The same for every set, so that a program with fewer commands behaves
 * as the whole one does.
 */
final class Launch {

  /** The logger that the whole program comes with; the engine alone may come with a smaller one. */
  private static final String LOGBACK = "ch.qos.logback";

  private Launch() {}

  /** Which commands there are. Their classes are loaded when it is called, not before. */
  @FunctionalInterface
  interface CommandSet {
    /** Adds the commands in the order in which help lists them. */
    void addTo(CommandLine root);

    /** Hides the secrets of a text; a set without servers to log in to has none. */
    default String mask(String text) {
      return text;
    }
  }

  /** Runs one command on the process's own streams and exits with its code. */
  static void exit(CommandSet commands, String... arguments) {
    PrintWriter out = utf8(FileDescriptor.out);
    PrintWriter err = utf8(FileDescriptor.err);
    int exitCode = ExitCode.USAGE;
    Optional<String> problem = Arguments.problem(arguments);
    if (problem.isPresent()) {
      err.println("millrace: " + problem.get());
    } else {
      exitCode = run(commands, out, err, arguments);
    }
    out.flush();
    err.flush();
    System.exit(exitCode);
  }

  /**
   * Runs one command without exiting.
   *
   * @param out where results go
   * @param err where failures and usage go
   * @return the exit code, see {@link ExitCode}
   */
  static int run(CommandSet commands, PrintWriter out, PrintWriter err, String... arguments) {
    MillraceCommand root = new MillraceCommand();
    FailureReport report = new FailureReport(root, commands::mask);
    return commandLine(root, commands)
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setAbbreviatedOptionsAllowed(false)
        .setUsageHelpAutoWidth(true)
        .setExecutionExceptionHandler(report)
        .setParameterExceptionHandler(report)
        .setExecutionStrategy(parsed -> {
          if (root.debug()) {
            logMore();
          }
          return new CommandLine.RunLast().execute(parsed);
        })
        .execute(arguments);
  }

  /** The root with its commands. */
  static CommandLine commandLine(MillraceCommand root, CommandSet commands) {
    CommandLine line = new CommandLine(root);
    commands.addTo(line);
    return line;
  }

  private static void logMore() {
    if (!LoggerFactory.getILoggerFactory().getClass().getName().startsWith(LOGBACK)) {
      LoggerFactory.getLogger(Launch.class)
          .warn("--debug shows stack traces only: how much is logged is up to the logger in use");
      return;
    }
    ((Logger) LoggerFactory.getLogger("dev.millrace")).setLevel(Level.DEBUG);
    ((Logger) LoggerFactory.getLogger("org.apache.kafka")).setLevel(Level.INFO);
  }

  private static PrintWriter utf8(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
  }
}
