package dev.millrace.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where the process begins and ends. */
public final class Main {

  private Main() {}

  /** Runs one command on the process's own streams and exits with its code. */
  public static void main(String[] arguments) {
    PrintWriter out = utf8(FileDescriptor.out);
    PrintWriter err = utf8(FileDescriptor.err);
    int exitCode = ExitCode.USAGE;
    Optional<String> problem = Arguments.problem(arguments);
    if (problem.isPresent()) {
      err.println("millrace: " + problem.get());
    } else {
      exitCode = run(out, err, arguments);
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
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    return Launch.found().run(out, err, arguments);
  }

  /**
   * The directory of the project or of an unpacked release. The launcher passes it; without it, the
   * working directory is taken.
   */
  public static Path home() {
    return Path.of(System.getProperty("millrace.home", "")).toAbsolutePath().normalize();
  }

  /** The bundled demo model: where a release has it, or where the project's tree does. */
  public static Path demoModel() {
    Path released = home().resolve("models/demo");
    return Files.isDirectory(released) ? released : home().resolve("inference-core/models/demo");
  }

  private static PrintWriter utf8(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
  }
}
