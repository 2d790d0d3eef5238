package dev.millrace.faults;

import dev.millrace.servers.FileTree;
import dev.millrace.servers.ServerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Plays rows of the fault matrix, each on a broker of its own, and tells what became of the
 * documents. Immutable; several rows may be played at once, each by a thread.
 */
public final class FaultMatrix {
  private final Path directory;
  private final ServerOptions broker;
  private final Consumer<String> listener;

  /**
   * @param directory where logs, configurations and schedules go and stay, in a folder for each row
   * @param broker options of the brokers
   * @param listener is told what is done, line by line; thread-safe
   */
  public FaultMatrix(Path directory, ServerOptions broker, Consumer<String> listener) {
    this.directory = directory;
    this.broker = broker;
    this.listener = listener;
  }

  /** Names of the rows that every change is tested with. */
  public static List<String> mainRows() {
    return FaultRows.ALL.stream().filter(FaultRow::main).map(FaultRow::name).toList();
  }

  /** Names of all rows. */
  public static List<String> allRows() {
    return FaultRows.ALL.stream().map(FaultRow::name).toList();
  }

  /**
   * Plays a row.
   *
   * @param rounds how often its fault is made; empty: as often as in a long run
   * @throws IllegalArgumentException if there is no such row
   * @throws IllegalStateException if it cannot be played to its end, such as when outcomes stay
   *     away; the message names the logs
   */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  public RowResult play(String name, long seed, Optional<Integer> rounds) {
    FaultRow row =
        FaultRows.ALL.stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "there is no row " + name + "; there are " + allRows()));
    Path place = directory.resolve(name + "-" + seed);
    try {
      // What an earlier play has left would be taken for this one's: its state, above all.
      FileTree.delete(place);
      Files.createDirectories(place);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make an empty directory of " + place, e);
    }
    Consumer<String> told = line -> listener.accept(name + ": " + line);
    told.accept(String.format(Locale.ROOT, "seed %d, logs in %s", seed, place));
    try (Scene scene = new Scene(place, broker, row.settings(), row.text(), seed, told)) {
      row.play().on(scene, rounds.orElse(row.rounds()));
      return scene.judge(name, seed);
    }
  }

  /** The results as a table, one line each below a head. */
  public static List<String> table(List<RowResult> results) {
    String format = "%-28s %20s %6s %9s %5s %10s %9s %8s %8s";
    List<String> head =
        List.of(
            String.format(
                Locale.ROOT,
                format,
                "row",
                "seed",
                "faults",
                "documents",
                "lost",
                "duplicated",
                "condemned",
                "median s",
                "max s"));
    List<String> lines =
        results.stream()
            .map(result ->
                String.format(
                    Locale.ROOT,
                    format,
                    result.row(),
                    result.seed(),
                    result.faults(),
                    result.documents(),
                    result.lost(),
                    result.duplicated(),
                    result.condemned(),
                    seconds(result.recoveryMedian()),
                    seconds(result.recoveryMax())))
            .toList();
    return Stream.concat(head.stream(), lines.stream()).toList();
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f", duration.toMillis() / 1e3);
  }
}
