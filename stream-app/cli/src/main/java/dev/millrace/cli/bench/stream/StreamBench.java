package dev.millrace.cli.bench.stream;

import dev.millrace.cli.CommandException;
import dev.millrace.faults.ChildNode;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeChecker;
import dev.millrace.faults.OutcomeChecker.Verdict;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.faults.ScriptedNode;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.records.SourcePosition;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.config.ApplicationSpec;
import dev.millrace.streams.topology.ApplicationTopics;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * How fast documents go through the pending store when the model costs nothing, beside a plain
 * topology with the same guarantees, and whether each has exactly one outcome when the process is
 * killed.
 */
@Command(
    name = "stream",
    description = {
      "Sends documents through the stream application with a scripted enricher: steady, then "
          + "with kill -9, and through a plain pass-through topology with the same guarantees and "
          + "settings.",
      "Starts a broker of its own. Each run is checked: every document has exactly one outcome."
    })
public final class StreamBench implements Runnable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(60);

  @Spec private CommandSpec spec;

  @Option(
      names = "--documents",
      defaultValue = "100000",
      description = "Documents of each run (default: ${DEFAULT-VALUE}).")
  private int documents;

  @Option(
      names = "--bytes",
      defaultValue = "200",
      description = "Bytes of a document (default: ${DEFAULT-VALUE}).")
  private int bytes;

  @Option(
      names = "--kills",
      defaultValue = "1",
      description = "Times the process is killed in the last run (default: ${DEFAULT-VALUE}).")
  private int kills;

  @Option(
      names = "--partitions",
      defaultValue = "4",
      description = "Partitions of each topic (default: ${DEFAULT-VALUE}).")
  private int partitions;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      defaultValue = "",
      description = "Also writes the result as a Markdown page.")
  private String output;

  @Option(names = "--json", description = "Prints the result as a line of JSON.")
  private boolean json;

  private record Result(String name, double rate, double seconds, List<Double> recoveries) {}

  @Override
  public void run() {
    PrintWriter err = spec.commandLine().getErr();
    Path directory = temporaryDirectory();
    try (LocalBroker broker = LocalBroker.start()) {
      err.println("broker ready at " + broker.bootstrapServers());
      Config load = config(directory, broker, "load", partitions);
      create(load);
      Set<SourcePosition> acknowledged =
          DocumentLoad.produce(
              load,
              documents,
              documents,
              i -> ("document " + i + " ").repeat(bytes).substring(0, bytes));
      err.printf(Locale.ROOT, "%d documents produced%n", acknowledged.size());
      List<Result> results = new ArrayList<>();
      results.add(measure(directory, broker, "pass", "pass", 0, acknowledged));
      results.add(measure(directory, broker, "steady", "enrich", 0, acknowledged));
      results.add(measure(directory, broker, "killed", "enrich", kills, acknowledged));
      // Once more, so that neither profits from a warmer disk cache alone.
      results.add(measure(directory, broker, "pass-again", "pass", 0, acknowledged));
      results.add(measure(directory, broker, "steady-again", "enrich", 0, acknowledged));
      report(results);
    } catch (RuntimeException e) {
      err.println("logs and state are kept in " + directory);
      throw e;
    }
    delete(directory);
  }

  private Result measure(
      Path directory,
      LocalBroker broker,
      String name,
      String mode,
      int killCount,
      Set<SourcePosition> acknowledged) {
    Config config = config(directory, broker, name, partitions);
    create(config);
    List<Double> recoveries = new ArrayList<>();
    try (OutcomeWatcher watcher =
            new OutcomeWatcher(config, List.of(config.get(TopicKeys.ENRICHED)));
        ChildNode node = start(directory, name, mode)) {
      for (int kill = 1; kill <= killCount; kill++) {
        watcher.await((long) documents * kill / (killCount + 1), PATIENCE, node::isAlive);
        node.kill();
        long killedNanos = System.nanoTime();
        node.restart();
        // What was committed before the kill is seen at once; the next batch is the new process's.
        watcher.await(watcher.count() + documents / 20, PATIENCE, node::isAlive);
        recoveries.add((System.nanoTime() - killedNanos) / 1e9);
      }
      watcher.await(documents, PATIENCE, node::isAlive);
      if (!node.stop(STOP)) {
        throw CommandException.failure(
            "the process of run %s did not stop in good order:%n%s"
                .formatted(name, tail(node.log())));
      }
      Result result = new Result(name, watcher.rate(), watcher.seconds(), recoveries);
      if (mode.equals("enrich")) {
        verify(name, config, acknowledged);
      }
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "%-13s %,9.0f documents/s in %.1f s%n",
              name,
              result.rate(),
              result.seconds());
      return result;
    } catch (IllegalStateException e) {
      throw CommandException.failure(
          "run %s failed: %s%n%s"
              .formatted(name, e.getMessage(), tail(directory.resolve(name + ".log"))),
          e);
    }
  }

  private static ChildNode start(Path directory, String name, String mode) {
    String file = directory.resolve(name + ".yaml").toString();
    return mode.equals("pass")
        ? ChildNode.start(directory, name, List.of(), PassNode.class, List.of(file))
        : ChildNode.start(
            directory, name, List.of(), ScriptedNode.class, List.of(file, "1", "5", "7"));
  }

  private void verify(String name, Config config, Set<SourcePosition> acknowledged) {
    Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
    if (!verdict.problems().isEmpty() || verdict.outcomes() != documents) {
      throw CommandException.failure(
          String.format(
              Locale.ROOT,
              "run %s is wrong: %d outcomes of %d documents%n  %s",
              name,
              verdict.outcomes(),
              documents,
              String.join(System.lineSeparator() + "  ", verdict.problems())));
    }
  }

  private void report(List<Result> results) {
    double pass = best(results, "pass");
    double steady = best(results, "steady");
    Result killed = results.stream().filter(r -> r.name().equals("killed")).toList().getFirst();
    double recovery = killed.recoveries().stream().mapToDouble(d -> d).max().orElse(0);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.printf(
          Locale.ROOT,
          "{\"documents\":%d,\"bytes\":%d,\"passPerSecond\":%.0f,\"enrichPerSecond\":%.0f,"
              + "\"ratio\":%.3f,\"kills\":%d,\"recoverySeconds\":%.1f,\"exactlyOnce\":true}%n",
          documents,
          bytes,
          pass,
          steady,
          steady / pass,
          killed.recoveries().size(),
          recovery);
    } else {
      out.printf(Locale.ROOT, "pass-through             %,10.0f documents/s%n", pass);
      out.printf(
          Locale.ROOT,
          "pending store, steady    %,10.0f documents/s (%.2f of it)%n",
          steady,
          steady / pass);
      out.printf(
          Locale.ROOT,
          "with %d kill -9          %,10.0f documents/s, %.1f s from kill to outcomes%n",
          killed.recoveries().size(),
          killed.rate(),
          recovery);
      out.printf(
          Locale.ROOT, "each of %,d documents has exactly one outcome in every run%n", documents);
    }
    if (!output.isEmpty()) {
      write(
          Path.of(output),
          StreamBenchPage.of(
              documents,
              bytes,
              partitions,
              results.stream()
                  .map(
                      r -> new StreamBenchPage.Row(r.name(), r.rate(), r.seconds(), r.recoveries()))
                  .toList()));
    }
  }

  private static double best(List<Result> results, String prefix) {
    return results.stream()
        .filter(result -> result.name().startsWith(prefix))
        .mapToDouble(Result::rate)
        .max()
        .orElse(0);
  }

  private static void create(Config config) {
    try (TopicDeployment topics = ApplicationTopics.deployment(config)) {
      topics.create();
    }
  }

  private static Config config(Path directory, LocalBroker broker, String name, int partitions) {
    String yaml =
        String.format(
            Locale.ROOT,
            """
            kafka.bootstrap.servers: %1$s
            schema.registry.url: http://127.0.0.1:9
            model.dir: none
            documents.format: text
            health.port: 0
            app.id: %2$s
            app.instance.id: one
            app.state.dir: %2$s-state
            app.session.timeout: 6s
            app.poll.records.max: 500
            topics.partitions: %3$d
            topics.replication.factor: 1
            app.replication.factor: 1
            topics.enriched: %2$s-enriched
            topics.quarantined: %2$s-quarantined
            topics.dead.letter: %2$s-dead
            processing.slice: 10ms
            processing.in.flight.max: 4096
            processing.in.flight.task.max: 1024
            processing.pending.task.max: 2048
            """,
            broker.bootstrapServers(),
            name,
            partitions);
    Path file = directory.resolve(name + ".yaml");
    write(file, yaml);
    return ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  private static String tail(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join(
          System.lineSeparator(), lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    } catch (IOException e) {
      return "no log: " + e.getMessage();
    }
  }

  private static Path temporaryDirectory() {
    try {
      return Files.createTempDirectory("millrace-bench-");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a temporary directory", e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + directory, e);
    }
  }
}
