package dev.millrace.streams.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** Where the process begins and ends. */
public final class Main {

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    PrintWriter out = utf8(FileDescriptor.out);
    PrintWriter err = utf8(FileDescriptor.err);
    int exitCode = run(out, err, arguments);
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
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    MillraceCommand root = new MillraceCommand();
    FailureReport report = new FailureReport(root);
    return new CommandLine(root)
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setAbbreviatedOptionsAllowed(false)
        .setUsageHelpAutoWidth(true)
        .setExecutionExceptionHandler(report)
        .setParameterExceptionHandler(report)
        .setExecutionStrategy(parsed -> {
          if (root.debug()) {
            ((Logger) LoggerFactory.getLogger("dev.millrace")).setLevel(Level.DEBUG);
            ((Logger) LoggerFactory.getLogger("org.apache.kafka")).setLevel(Level.INFO);
          }
          return new CommandLine.RunLast().execute(parsed);
        })
        .execute(arguments);
  }

  /**
   * The project's directory: where the bundled model and documents lie. The launcher passes it;
   * without it, the working directory is taken.
   */
  public static Path home() {
    return Path.of(System.getProperty("millrace.home", "")).toAbsolutePath().normalize();
  }

  private static PrintWriter utf8(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
  }
}
