package dev.millrace.records;

import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.RejectReason;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** Values that are a JSON object, as {@link JsonDocuments} reads it. Immutable. */
public final class JsonDecoder implements DocumentDecoder {

  @Override
  public Decoded decode(SourceRecord record) {
    Optional<String> text = StrictUtf8.decode(record.requireValue());
    if (text.isEmpty()) {
      return new Decoded.Invalid(
          RejectReason.INVALID_TEXT,
          String.format(
              Locale.ROOT,
              "the %d bytes of the value are not UTF-8",
              record.requireValue().length));
    }
    return Decoded.of(() ->
        JsonDocuments.document(
            JsonDocuments.parse(text.get()),
            DefaultId.of(record),
            Instant.ofEpochMilli(record.timestamp())));
  }
}
