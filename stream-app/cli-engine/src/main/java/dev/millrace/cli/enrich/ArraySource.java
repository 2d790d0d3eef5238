package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.JsonLines;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Elements of an array of JSON, one after the other with bounded memory: the array is taken apart
 * by brackets and quotation marks alone, so that what is wrong within an element costs no other.
 * Owned by the reading thread.
 */
final class ArraySource implements DocumentSource {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int END = -1;
  private static final int[] BYTE_ORDER_MARK = {0xef, 0xbb, 0xbf};

  private final InputStream in;
  private final String name;
  private final InputFields fields;
  private final LongSupplier bytesOnDisk;
  private final int elementBytesMax;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int end;
  private long filled;
  private long line = 1;
  private long elements;
  private boolean begun;
  private boolean ended;

  /**
   * @param in closed with this
   * @param name of the input, for messages
   * @param bytesOnDisk of a compressed input; negative if it is none
   */
  ArraySource(
      InputStream in,
      String name,
      InputFields fields,
      LongSupplier bytesOnDisk,
      int elementBytesMax) {
    this.in = in;
    this.name = name;
    this.fields = fields;
    this.bytesOnDisk = bytesOnDisk;
    this.elementBytesMax = elementBytesMax;
  }

  @Override
  public @Nullable Entry next() throws IOException {
    if (!begun) {
      begin();
    }
    if (ended) {
      return null;
    }
    int first = afterSpace();
    if (first == ']') {
      end();
      return null;
    }
    if (first == END) {
      throw notClosed(String.format(Locale.ROOT, "after element %d", elements));
    }
    elements++;
    long number = line;
    JsonLines.Line element = element(first, number);
    return LineSource.entry(
        element, String.format(Locale.ROOT, "element %d (line %d)", elements, number), fields);
  }

  private void begin() throws IOException {
    begun = true;
    int first = read();
    for (int i = 0; i < BYTE_ORDER_MARK.length && first == BYTE_ORDER_MARK[i]; i++) {
      first = read();
    }
    while (isSpace(first)) {
      first = read();
    }
    if (first != '[') {
      throw CommandException.failure(
          "cannot read the input: %s begins with no [, as an array of JSON does; is it JSON Lines?"
                  .formatted(name)
              + " Say --input-format jsonl");
    }
  }

  /** Reads the comma or bracket that follows an element, too. */
  private JsonLines.Line element(int first, long number) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long length = 0;
    int depth = 0;
    boolean quoted = false;
    boolean escaped = false;
    for (int next = first; ; next = read()) {
      if (next == END) {
        throw notClosed(
            String.format(Locale.ROOT, "in element %d, which begins on line %d", elements, number));
      }
      if (quoted) {
        quoted = escaped || next != '"';
        escaped = !escaped && next == '\\';
      } else if (depth == 0 && (next == ',' || next == ']')) {
        if (next == ']') {
          end();
        }
        return length > elementBytesMax
            ? new JsonLines.TooLong(number, length)
            : JsonLines.decoded(number, bytes.toByteArray());
      } else {
        quoted = next == '"';
        depth += next == '{' || next == '[' ? 1 : 0;
        depth -= next == '}' || next == ']' ? 1 : 0;
      }
      length++;
      if (length <= elementBytesMax) {
        bytes.write(next);
      }
    }
  }

  private void end() throws IOException {
    ended = true;
    if (afterSpace() != END) {
      throw CommandException.failure(
          String.format(
              Locale.ROOT,
              "cannot read the input: on line %d of %s something follows the array, which ends with"
                  + " element %d",
              line,
              name,
              elements));
    }
  }

  private CommandException notClosed(String where) {
    return CommandException.failure(
        "cannot read the input: %s ends %s, without the ] of its array: is it cut short?"
            .formatted(name, where));
  }

  private int afterSpace() throws IOException {
    int next = read();
    while (isSpace(next)) {
      next = read();
    }
    return next;
  }

  private static boolean isSpace(int next) {
    return next == ' ' || next == '\t' || next == '\r' || next == '\n';
  }

  private int read() throws IOException {
    if (position == end) {
      position = 0;
      end = Math.max(0, in.read(buffer, 0, buffer.length));
      filled += end;
      if (end == 0) {
        return END;
      }
    }
    int next = buffer[position++] & 0xff;
    line += next == '\n' ? 1 : 0;
    return next;
  }

  @Override
  public long bytesRead() {
    long compressed = bytesOnDisk.getAsLong();
    return compressed >= 0 ? compressed : filled - (end - position);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
