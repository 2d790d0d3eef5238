package dev.millrace.records;

import dev.millrace.enrichment.CsvRow;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.shape.RecordShape;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** Values that are one line of comma-separated values each. Immutable. */
public final class CsvDecoder implements DocumentDecoder {
  private final CsvRow row;
  private final RecordShape shape;

  /**
   * @param row how a line is read
   * @param shape where in it the document's fields lie
   */
  public CsvDecoder(CsvRow row, RecordShape shape) {
    this.row = row;
    this.shape = shape;
  }

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
    return Decoded.ofMaybe(() ->
        shape.document(
            row.parse(text.get()), DefaultId.of(record), Instant.ofEpochMilli(record.timestamp())));
  }
}
