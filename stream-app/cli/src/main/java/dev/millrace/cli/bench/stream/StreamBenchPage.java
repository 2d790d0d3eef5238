package dev.millrace.cli.bench.stream;

import dev.millrace.cli.VersionProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The result of {@link StreamBench} as a page. Immutable. */
final class StreamBenchPage {

  /** One run. */
  record Row(String name, double rate, double seconds, List<Double> recoveries) {}

  private StreamBenchPage() {}

  static String of(int documents, int bytes, int partitions, List<Row> rows) {
    StringBuilder page = new StringBuilder();
    page.append(
        String.format(
            Locale.ROOT,
            """
            # Stream: documents per second through the pending store

            Command: `./millrace bench stream --documents %d --bytes %d --partitions %d`

            - machine: %s, %d cores, Java %s
            - version: %s
            - broker, application (2 stream threads) and the reader that counts share the machine
            - every run with an enricher was checked afterwards: each document has exactly one
              outcome, none was invented, the changelog is empty, offsets are at the end

            The limit it is compared with is `pass`: a topology of one source and one sink with the
            same guarantees (exactly-once v2), commit interval and client settings. The pending
            store writes each document to the changelog once more, and a deletion after it, so about
            half of `pass` is what can be expected where the broker is the limit.

            | run | documents/s | seconds | from kill to outcomes |
            |---|---:|---:|---|
            """,
            documents,
            bytes,
            partitions,
            cpu(),
            Runtime.getRuntime().availableProcessors(),
            Runtime.version(),
            VersionProvider.version()));
    for (Row row : rows) {
      page.append(
          String.format(
              Locale.ROOT,
              "| %s | %,.0f | %.1f | %s |%n",
              row.name(),
              row.rate(),
              row.seconds(),
              row.recoveries().stream()
                  .map(s -> String.format(Locale.ROOT, "%.1f s", s))
                  .collect(Collectors.joining(", "))));
    }
    page.append(
        """

        `pass` is the plain topology, `steady` the application, `killed` the application with
        `kill -9` in the middle. Rates count from the first poll that saw an outcome to the last,
        so they leave out the start of the JVM, but for `killed` they hold the restart.

        What this does not show: a model, more than one broker, replication, a network, documents
        larger than stated.
        """);
    return page.toString();
  }

  private static String cpu() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }
}
