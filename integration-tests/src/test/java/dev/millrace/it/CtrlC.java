package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What a terminal does at Ctrl-C. Stateless. */
final class CtrlC {

  private static final int SIGINT_BIT = 1 << 1;

  private CtrlC() {}

  /** Interrupts one process. */
  static void process(long pid) throws IOException, InterruptedException {
    send(pid, Long.toString(pid));
  }

  /** Interrupts a process group, as a terminal does. */
  static void group(long leader) throws IOException, InterruptedException {
    send(leader, "-" + leader);
  }

  private static void send(long pid, String target) throws IOException, InterruptedException {
    String ignored =
        Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> line.substring(line.indexOf('\t') + 1).toUpperCase(Locale.ROOT))
            .findFirst()
            .orElse("0");
    assumeThat(Long.parseUnsignedLong(ignored, 16) & SIGINT_BIT)
        .as("SKIPPED, because this test runs in the background, where SIGINT is ignored")
        .isZero();
    int sent = new ProcessBuilder("/bin/sh", "-c", "kill -INT " + target).start().waitFor();
    assertThat(sent).isZero();
  }
}
