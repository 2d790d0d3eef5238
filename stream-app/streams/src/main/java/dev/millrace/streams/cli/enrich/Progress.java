package dev.millrace.streams.cli.enrich;

import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** Counts results and tells of them on standard error now and then. Owned by one thread. */
final class Progress {
  private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final String command;
  private final PrintWriter err;
  private final LongSupplier nanoClock;
  private final long startNanos;
  private final Map<String, Integer> rejections = new TreeMap<>();
  private long toldNanos;
  private int enriched;
  private int quarantined;

  Progress(String command, PrintWriter err, LongSupplier nanoClock) {
    this.command = command;
    this.err = err;
    this.nanoClock = nanoClock;
    this.startNanos = nanoClock.getAsLong();
    this.toldNanos = startNanos;
  }

  void count(Outcome outcome) {
    switch (outcome) {
      case Enriched _ -> enriched++;
      case Quarantined _ -> quarantined++;
      case Rejected rejected -> rejections.merge(rejected.reason().name(), 1, Integer::sum);
    }
    tick();
  }

  /** Tells how far it is, if it has not for a while. */
  void tick() {
    long now = nanoClock.getAsLong();
    if (now - toldNanos >= TELL_EVERY_NANOS) {
      toldNanos = now;
      tell("");
    }
  }

  /** Tells the end. */
  void done() {
    tell("done: ");
  }

  double seconds() {
    return (nanoClock.getAsLong() - startNanos) / 1e9;
  }

  private void tell(String prefix) {
    int failed = rejections.values().stream().mapToInt(Integer::intValue).sum();
    int documents = enriched + quarantined + failed;
    double seconds = seconds();
    String reasons =
        rejections.isEmpty()
            ? ""
            : rejections.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", ", " (", ")"));
    err.println(
        String.format(
            Locale.ROOT,
            "%s: %s%d documents, %d enriched, %d quarantined, %d failed%s, %.1f s, %.1f/s",
            command,
            prefix,
            documents,
            enriched,
            quarantined,
            failed,
            reasons,
            seconds,
            seconds > 0 ? documents / seconds : 0));
    err.flush();
  }
}
