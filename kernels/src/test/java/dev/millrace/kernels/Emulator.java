package dev.millrace.kernels;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** The CPU emulation of the kernels: builds it, once per JVM, and runs its native programs. */
final class Emulator {

  /** The folder of this module. */
  static final Path HOME = Path.of(System.getProperty("millrace.root", "..")).resolve("kernels");

  private static final int NO_COMPILER = 3;
  private static final long MINUTES_MAX = 10;

  private static int built = -1;
  private static String buildOutput = "";

  private Emulator() {}

  /** What a program printed and how it ended. */
  record Run(int status, String output) {
    List<String> lines() {
      return output.lines().toList();
    }
  }

  /**
   * Builds the emulation if its sources are newer, and returns its folder. Without a C++ compiler
   * the calling test is skipped, unless CI=true: there it fails.
   */
  static synchronized Path build() {
    if (built < 0) {
      Run run = run(Map.of(), "./build-emulator");
      built = run.status;
      buildOutput = run.output;
    }
    if (built == NO_COMPILER && !"true".equals(System.getenv("CI"))) {
      Assumptions.abort("kernels are not tested here: " + buildOutput.strip());
    }
    Assertions.assertEquals(0, built, () -> "kernels/build-emulator failed:\n" + buildOutput);
    return HOME.resolve("target/emulator").toAbsolutePath();
  }

  /** Runs the native tests, or some of them, under a thread order. */
  static Run tests(Map<String, String> environment, String... more) {
    String folder = build().toString();
    List<String> command = new ArrayList<>(List.of(folder + "/kernel-tests"));
    command.addAll(List.of("--driver", folder + "/libcuda.so.1"));
    command.addAll(List.of("--image", folder + "/libmillrace_kernels.so"));
    command.addAll(List.of("--image", folder + "/libmillrace_testkernels.so"));
    command.addAll(Arrays.asList(more));
    return run(environment, command.toArray(new String[0]));
  }

  /** Runs a program in the module's folder. */
  static Run run(Map<String, String> environment, String... command) {
    try {
      Path output = Files.createTempFile("millrace-kernels", ".txt");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(command)
                .directory(HOME.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(MINUTES_MAX, TimeUnit.MINUTES)) {
          process.destroyForcibly();
          throw new IllegalStateException(
              String.format(
                  Locale.ROOT,
                  "%s did not end within %d minutes; so far:%n%s",
                  command[0],
                  MINUTES_MAX,
                  Files.readString(output)));
        }
        String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
        return new Run(process.exitValue(), text);
      } finally {
        Files.delete(output);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot run " + command[0], failure);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + command[0] + " ran", interruption);
    }
  }
}
