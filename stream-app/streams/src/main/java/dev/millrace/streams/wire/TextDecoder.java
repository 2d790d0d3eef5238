package dev.millrace.streams.wire;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.streams.processor.Decoded;
import dev.millrace.streams.processor.DocumentDecoder;
import dev.millrace.streams.processor.Envelope;
import dev.millrace.streams.processor.PendingId;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/** Values that are the text itself. Immutable. */
public final class TextDecoder implements DocumentDecoder {

  @Override
  public Decoded decode(PendingId id, Envelope record) {
    return StrictUtf8.decode(record.value())
        .<Decoded>map(text ->
            Decoded.of(() ->
                new Document(
                    RecordNames.documentId(id, record),
                    text,
                    "",
                    "",
                    "",
                    "",
                    Map.of(),
                    Instant.ofEpochMilli(record.timestamp()))))
        .orElseGet(() ->
            new Decoded.Invalid(
                RejectReason.INVALID_TEXT,
                String.format(
                    Locale.ROOT,
                    "the %d bytes of the value are not UTF-8",
                    record.value().length)));
  }
}
