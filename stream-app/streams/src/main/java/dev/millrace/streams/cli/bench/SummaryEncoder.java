package dev.millrace.streams.cli.bench;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.streams.processor.DeadLetter;
import dev.millrace.streams.processor.OutcomeEncoder;
import dev.millrace.streams.processor.PendingId;
import java.nio.charset.StandardCharsets;

/** Output records that are the summary itself: no registry is needed. Immutable. */
final class SummaryEncoder implements OutcomeEncoder {

  @Override
  public byte[] enriched(Enrichment enrichment, String topic, PendingId source) {
    return enrichment.summary().orElse("").getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] quarantined(Enrichment enrichment, String topic, PendingId source) {
    return enriched(enrichment, topic, source);
  }

  @Override
  public byte[] deadLetter(DeadLetter letter) {
    byte[] value = letter.value();
    return value == null ? new byte[0] : value;
  }
}
