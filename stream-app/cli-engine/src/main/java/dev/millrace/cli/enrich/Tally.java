package dev.millrace.cli.enrich;

import dev.millrace.cli.Progress;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts results and tells of them now and then. Owned by one thread. */
final class Tally {
  private final String command;
  private final Progress progress;
  private final Map<String, Integer> rejections = new TreeMap<>();
  private int enriched;
  private int quarantined;

  /**
   * @param command named in each line
   * @param progress began with the work; borrowed
   */
  Tally(String command, Progress progress) {
    this.command = command;
    this.progress = progress;
  }

  void count(Outcome outcome) {
    switch (outcome) {
      case Enriched _ -> enriched++;
      case Quarantined _ -> quarantined++;
      case Outcome.Deleted _ -> {}
      case Rejected rejected -> rejections.merge(rejected.reason().name(), 1, Integer::sum);
    }
    tick();
  }

  /** Tells how far it is, if it has not for a while. */
  void tick() {
    progress.tell(() -> line(""));
  }

  /** Tells the end. */
  void done() {
    progress.stage(line("done: "));
  }

  /** Documents, whatever became of them. */
  int documents() {
    return enriched + quarantined + failed();
  }

  /** Share of documents that have no enrichment, from 0 to 1; 0 if there are no documents. */
  double failedShare() {
    return documents() == 0 ? 0 : (double) failed() / documents();
  }

  private int failed() {
    return rejections.values().stream().mapToInt(Integer::intValue).sum();
  }

  double seconds() {
    return progress.seconds();
  }

  private String line(String prefix) {
    double seconds = seconds();
    String reasons =
        rejections.isEmpty()
            ? ""
            : rejections.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", ", " (", ")"));
    return String.format(
        Locale.ROOT,
        "%s: %s%d documents, %d enriched, %d quarantined, %d failed%s, %.1f/s",
        command,
        prefix,
        documents(),
        enriched,
        quarantined,
        failed(),
        reasons,
        seconds > 0 ? documents() / seconds : 0);
  }
}
