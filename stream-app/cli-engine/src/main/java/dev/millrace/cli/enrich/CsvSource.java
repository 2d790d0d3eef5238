package dev.millrace.cli.enrich;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.CommandException;
import dev.millrace.cli.JsonLines;
import dev.millrace.enrichment.CsvRow;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.RejectReason;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Comma-separated values (RFC 4180) with a header line. A field in quotation marks may hold line
 * breaks; a record ends with the first line up to which the quotation marks are even in number, and
 * is never kept beyond a limit. Owned by the reading thread.
 */
final class CsvSource implements DocumentSource {
  private final JsonLines lines;
  private final InputFields fields;
  private final LongSupplier bytesRead;
  private final int recordBytesMax;
  private final CsvRow row;

  /**
   * Reads the header.
   *
   * @param lines closed with this
   * @param name of the input, for messages
   * @param bytesRead of the input as it lies on the disk
   * @throws CommandException if the header has no column for the id or the text
   */
  CsvSource(
      JsonLines lines,
      String name,
      char delimiter,
      InputFields fields,
      LongSupplier bytesRead,
      int recordBytesMax)
      throws IOException {
    this.lines = lines;
    this.fields = fields;
    this.bytesRead = bytesRead;
    this.recordBytesMax = recordBytesMax;
    this.row = new CsvRow(columns(record(), name, delimiter), delimiter);
    fields.requireColumns(name, row.columns());
  }

  private static List<String> columns(
      JsonLines.@Nullable Line header, String name, char delimiter) {
    if (!(header instanceof JsonLines.Text text)) {
      throw CommandException.failure(
          "cannot read the input: %s has no line with the names of its columns".formatted(name));
    }
    List<String> columns;
    try {
      columns = CsvRow.fields(text.text(), delimiter).stream().map(String::strip).toList();
    } catch (DocumentException e) {
      throw CommandException.failure(
          "cannot read the input: the first line of %s should name its columns: %s"
              .formatted(name, e.getMessage()),
          e);
    }
    Set<String> distinct = new LinkedHashSet<>();
    for (String column : columns) {
      if (!distinct.add(column)) {
        throw CommandException.failure(
            "cannot read the input: %s has two columns called %s".formatted(name, column));
      }
    }
    return columns;
  }

  @Override
  public @Nullable Entry next() throws IOException {
    JsonLines.Line found = record();
    if (found == null) {
      return null;
    }
    String place = "line " + found.number();
    return found instanceof JsonLines.Text text
        ? new Entry(text.number(), text.text(), text.bytes(), line(text.text(), place))
        : LineSource.entry(found, place, fields);
  }

  private InputLine line(String text, String place) {
    ObjectNode object;
    try {
      object = row.parse(text);
    } catch (DocumentException e) {
      return new InputLine.Bad(null, RejectReason.UNDECODABLE, place + ": " + e.getMessage());
    }
    return InputLine.of(fields.ofColumns(object), place, fields);
  }

  /** The next record that is not blank, with the number of its first line. */
  private JsonLines.@Nullable Line record() throws IOException {
    JsonLines.Line line = lines.next();
    while (line instanceof JsonLines.Text text && text.isBlank()) {
      line = lines.next();
    }
    if (!(line instanceof JsonLines.Text first) || !isOpen(first.text(), false)) {
      return line;
    }
    StringBuilder whole = new StringBuilder(first.text());
    long bytes = first.bytes();
    boolean open = true;
    while (open) {
      JsonLines.Line next = lines.next();
      if (next == null) {
        break;
      }
      if (!(next instanceof JsonLines.Text text)) {
        return next instanceof JsonLines.TooLong tooLong
            ? new JsonLines.TooLong(first.number(), bytes + tooLong.bytes())
            : new JsonLines.NotUtf8(first.number());
      }
      open = isOpen(text.text(), true);
      bytes += 1L + text.bytes();
      if (bytes <= recordBytesMax) {
        whole.append('\n').append(text.text());
      }
    }
    return bytes > recordBytesMax
        ? new JsonLines.TooLong(first.number(), bytes)
        : new JsonLines.Text(first.number(), whole.toString(), (int) bytes);
  }

  /** Whether a field in quotation marks goes on behind the line. */
  private static boolean isOpen(String line, boolean open) {
    return open ^ (line.chars().filter(c -> c == '"').count() % 2 == 1);
  }

  @Override
  public long bytesRead() {
    return bytesRead.getAsLong();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
