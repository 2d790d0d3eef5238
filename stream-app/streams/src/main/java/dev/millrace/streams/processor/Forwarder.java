package dev.millrace.streams.processor;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.Origin;
import dev.millrace.records.OutcomeRecords;
import dev.millrace.records.OutputRecord;
import dev.millrace.records.Sink;
import dev.millrace.records.SourceRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Forwards outcomes to the sinks of their topics and tells the monitor. Owned by the stream thread.
 */
final class Forwarder {
  private final ProcessorContext<byte[], byte[]> context;
  private final ProcessorOptions options;
  private final ProcessorMonitor monitor;
  private final OutcomeRecords records;

  /** Borrows everything. */
  Forwarder(
      ProcessorContext<byte[], byte[]> context,
      ProcessorOptions options,
      ProcessorMonitor monitor,
      OutcomeRecords records) {
    this.context = context;
    this.options = options;
    this.monitor = monitor;
    this.records = records;
  }

  /** Forwards a dead letter that has waited in the store. */
  void letter(Envelope letter) {
    SourceRecord record = letter.record();
    context.forward(
        new Record<>(record.key(), record.requireValue(), record.timestamp(), record.headers()),
        options.names().sink(Sink.DEAD_LETTER));
    RejectReason reason = letter.rejected();
    if (reason != null) {
      monitor.rejected(reason, age(letter.firstSeenMillis()));
    }
  }

  /**
   * Forwards an outcome.
   *
   * @param planChanged whether the document was taken by an application that ran another plan
   * @param firstSeenMillis when the document was consumed first
   */
  void outcome(Origin from, Outcome outcome, boolean planChanged, long firstSeenMillis) {
    if (outcome instanceof Outcome.Deleted deletion) {
      delete(from, deletion, age(firstSeenMillis));
      return;
    }
    Outcome shown = planChanged ? ofChangedPlan(outcome) : outcome;
    OutputRecord out = records.route(from, shown, context.currentSystemTimeMs());
    context.forward(
        new Record<>(out.key(), out.value(), out.timestamp(), out.headers()),
        options.names().sink(out.sink()));
    switch (out.outcome()) {
      case Outcome.Enriched(Enrichment enrichment) ->
          monitor.enriched(enrichment, false, age(firstSeenMillis));
      case Outcome.Quarantined(Enrichment enrichment) ->
          monitor.enriched(enrichment, true, age(firstSeenMillis));
      case Outcome.Rejected(RejectReason reason, String _) ->
          monitor.rejected(reason, age(firstSeenMillis));
      case Outcome.Deleted _ ->
          throw new IllegalStateException("a deletion is no record of one sink");
    }
  }

  private void delete(Origin from, Outcome.Deleted deletion, long ageMillis) {
    byte[] key = from.key();
    if (deletion.forwarded() && key != null) {
      records
          .tombstones(from, key, context.currentSystemTimeMs())
          .forEach(out ->
              context.forward(
                  new Record<>(out.key(), null, out.timestamp(), out.headers()),
                  options.names().sink(out.sink())));
    }
    monitor.deleted(deletion.forwarded(), ageMillis);
  }

  private static Outcome ofChangedPlan(Outcome outcome) {
    Warning warning = new Warning(Warning.Code.PLAN_CHANGED, "plan");
    return switch (outcome) {
      case Outcome.Enriched(Enrichment enrichment) ->
          new Outcome.Enriched(enrichment.with(warning));
      case Outcome.Quarantined(Enrichment enrichment) ->
          new Outcome.Quarantined(enrichment.with(warning));
      case Outcome.Rejected _, Outcome.Deleted _ -> outcome;
    };
  }

  private long age(long firstSeenMillis) {
    return Math.max(0, context.currentSystemTimeMs() - firstSeenMillis);
  }
}
