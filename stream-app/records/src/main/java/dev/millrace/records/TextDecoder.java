package dev.millrace.records;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/** Values that are the text itself, less a byte order mark before it. Immutable. */
public final class TextDecoder implements DocumentDecoder {
  private static final String BYTE_ORDER_MARK = "\ufeff";

  @Override
  public Decoded decode(SourceRecord record) {
    return StrictUtf8.decode(record.requireValue())
        .<Decoded>map(text ->
            Decoded.of(() ->
                new Document(
                    DefaultId.of(record),
                    text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text,
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
                    record.requireValue().length)));
  }
}
