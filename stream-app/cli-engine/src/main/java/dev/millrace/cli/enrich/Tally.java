package dev.millrace.cli.enrich;

import dev.millrace.cli.Progress;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import java.time.Duration;
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
  private long bytesBefore;
  private long bytesDone;
  private long bytesTotal;

  /**
   * @param command named in each line
   * @param progress began with the work; borrowed
   */
  Tally(String command, Progress progress) {
    this.command = command;
    this.progress = progress;
  }

  /**
   * The work on documents begins.
   *
   * @param before bytes of the input that need no work
   * @param total bytes of the input; 0 if nobody knows
   */
  void begin(long before, long total) {
    bytesBefore = before;
    bytesDone = before;
    bytesTotal = total;
  }

  /**
   * A result.
   *
   * @param bytesRead of the input up to the end of its document
   */
  void count(Outcome outcome, long bytesRead) {
    bytesDone = bytesRead;
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
    double share = bytesTotal == 0 ? Double.NaN : Math.clamp((double) bytesDone / bytesTotal, 0, 1);
    String percent =
        Double.isNaN(share)
            ? ""
            : String.format(Locale.ROOT, " %3d %%", (int) Math.floor(100 * share));
    progress.bar(
        share,
        command + percent,
        () -> shortLine() + left(", "),
        () -> line("") + (percent.isEmpty() ? "" : "," + percent) + left(", "));
  }

  /** Tells the end. */
  void done() {
    progress.stage(line("done: "));
  }

  private String shortLine() {
    String failures = failed() == 0 ? "" : String.format(Locale.ROOT, "%d failed, ", failed());
    return String.format(
        Locale.ROOT, "%d documents, %s%.1f/s", documents(), failures, documentsPerSecond());
  }

  /** About how long the rest takes, by the bytes that are done; nothing before anybody can know. */
  private String left(String prefix) {
    long worked = bytesDone - bytesBefore;
    if (bytesTotal == 0 || worked <= 0 || bytesDone >= bytesTotal) {
      return "";
    }
    double nanos = seconds() * 1e9 * (bytesTotal - bytesDone) / worked;
    return prefix + Progress.readable(Duration.ofNanos((long) Math.max(1e9, nanos))) + " left";
  }

  private double documentsPerSecond() {
    double seconds = seconds();
    return seconds > 0 ? documents() / seconds : 0;
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
        documentsPerSecond());
  }
}
