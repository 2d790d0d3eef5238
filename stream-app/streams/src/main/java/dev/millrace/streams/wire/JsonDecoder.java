package dev.millrace.streams.wire;

import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.streams.processor.Decoded;
import dev.millrace.streams.processor.DocumentDecoder;
import dev.millrace.streams.processor.Envelope;
import dev.millrace.streams.processor.PendingId;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** Values that are a JSON object, as {@link JsonDocuments} reads it. Immutable. */
public final class JsonDecoder implements DocumentDecoder {

  @Override
  public Decoded decode(PendingId id, Envelope record) {
    Optional<String> text = StrictUtf8.decode(record.value());
    if (text.isEmpty()) {
      return new Decoded.Invalid(
          RejectReason.INVALID_TEXT,
          String.format(
              Locale.ROOT, "the %d bytes of the value are not UTF-8", record.value().length));
    }
    return Decoded.of(() ->
        JsonDocuments.document(
            JsonDocuments.parse(text.get()),
            RecordNames.documentId(id, record),
            Instant.ofEpochMilli(record.timestamp())));
  }
}
