package dev.millrace.cli.enrich;

import dev.millrace.cli.JsonLines;
import java.io.IOException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Objects of JSON, one on each line; blank lines are passed over. Owned by the reading thread. */
final class LineSource implements DocumentSource {
  private final JsonLines lines;
  private final InputFields fields;
  private final LongSupplier bytesRead;

  /**
   * @param lines closed with this
   * @param bytesRead of the input as it lies on the disk
   */
  LineSource(JsonLines lines, InputFields fields, LongSupplier bytesRead) {
    this.lines = lines;
    this.fields = fields;
    this.bytesRead = bytesRead;
  }

  @Override
  public @Nullable Entry next() throws IOException {
    JsonLines.Line line = lines.next();
    while (line instanceof JsonLines.Text text && text.isBlank()) {
      line = lines.next();
    }
    return line == null ? null : entry(line, "line " + line.number(), fields);
  }

  /** What stands on a line, or in another place that is told as one. */
  static Entry entry(JsonLines.Line line, String place, InputFields fields) {
    return new Entry(line.number(), raw(line), bytes(line), InputLine.of(line, place, fields));
  }

  static int bytes(JsonLines.Line line) {
    return line instanceof JsonLines.Text text ? text.bytes() : 0;
  }

  static String raw(JsonLines.Line line) {
    return switch (line) {
      case JsonLines.Text text -> text.text();
      // What is in it is not kept; that it is there, and how long it is, has to do.
      case JsonLines.NotUtf8 _ -> "not UTF-8";
      case JsonLines.TooLong tooLong -> "too long: " + tooLong.bytes();
    };
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
