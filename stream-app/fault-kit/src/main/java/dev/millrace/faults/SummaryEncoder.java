package dev.millrace.faults;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.records.DeadLetter;
import dev.millrace.records.OutcomeEncoder;
import dev.millrace.records.SourcePosition;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Output records that are the summary itself, and warnings: no registry is needed. Immutable. */
final class SummaryEncoder implements OutcomeEncoder {

  @Override
  public byte[] enriched(Enrichment enrichment, @Nullable SourcePosition source) {
    StringBuilder text = new StringBuilder(enrichment.summary().orElse(""));
    enrichment.warnings().forEach(warning -> text.append(' ').append(warning.code()));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] quarantined(Enrichment enrichment, @Nullable SourcePosition source) {
    return enriched(enrichment, source);
  }

  @Override
  public byte[] deadLetter(DeadLetter letter) {
    byte[] value = letter.value();
    return value == null ? new byte[0] : value;
  }
}
