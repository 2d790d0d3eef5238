package dev.millrace.streams.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an earlier process has left of its stream tasks on this disk. Stateless. */
public final class StateFiles {
  private static final Logger LOG = LoggerFactory.getLogger(StateFiles.class);
  private static final Pattern TASK = Pattern.compile("\\d+_\\d+");

  private StateFiles() {}

  /**
   * Deletes the copies of stores that were not closed in good order, as after {@code kill -9}: they
   * are restored from the changelog. Kafka Streams does the same, after it has opened them, with an
   * error and a stack trace for each. Nobody may have them open.
   *
   * @param directory of the application
   */
  public static void dropUnclosed(Path directory) {
    int dropped = 0;
    for (Path task : list(directory)) {
      if (TASK.matcher(task.getFileName().toString()).matches() && isUnclosed(task)) {
        try {
          delete(task);
          dropped++;
        } catch (IOException e) {
          LOG.debug("cannot delete {}: left to Kafka Streams", task, e);
        }
      }
    }
    if (dropped > 0) {
      LOG.info(
          "the state of {} stream tasks was not closed in good order: it is restored from the"
              + " changelog",
          dropped);
    }
  }

  private static boolean isUnclosed(Path task) {
    return list(task.resolve("rocksdb")).stream()
        .filter(Files::isDirectory)
        .map(Seal::new)
        .anyMatch(seal -> !seal.isThere());
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }

  private static List<Path> list(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    } catch (IOException e) {
      LOG.debug("cannot list {}", directory, e);
      return List.of();
    }
  }
}
