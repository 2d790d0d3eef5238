package dev.millrace.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lines of a stream, read one by one with bounded memory: of a line beyond the limit nothing is
 * kept. Owned by the reading thread.
 */
public final class JsonLines implements AutoCloseable {
  /** Longest line that commands read: beyond any document that a topic takes. */
  public static final int BYTES_MAX = 64 << 20;

  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final int lineBytesMax;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int end;
  private long filled;
  private long number;

  /**
   * @param in closed with this
   * @param lineBytesMax of a longer line, only its length is told
   */
  public JsonLines(InputStream in, int lineBytesMax) {
    this.in = in;
    this.lineBytesMax = lineBytesMax;
  }

  /** A line of the input. */
  public sealed interface Line {
    /** Its number, from 1. */
    long number();
  }

  /** A line of text. */
  public record Text(long number, String text, int bytes) implements Line {

    /** Whether it says nothing: white space alone, or the byte order mark of an empty file. */
    public boolean isBlank() {
      return (text.startsWith("\ufeff") ? text.substring(1) : text).isBlank();
    }
  }

  /** A line that is no UTF-8. */
  public record NotUtf8(long number) implements Line {}

  /** A line beyond the limit. */
  public record TooLong(long number, long bytes) implements Line {}

  /** The next line without its line break, or null at the end. */
  public @Nullable Line next() throws IOException {
    if (position == end && !fill()) {
      return null;
    }
    number++;
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long bytes = 0;
    boolean open = true;
    while (open && (position < end || fill())) {
      int stop = position;
      while (stop < end && buffer[stop] != '\n') {
        stop++;
      }
      int run = stop - position;
      bytes += run;
      if (bytes <= lineBytesMax) {
        line.write(buffer, position, run);
      }
      open = stop == end;
      position = open ? stop : stop + 1;
    }
    return bytes > lineBytesMax ? new TooLong(number, bytes) : decoded(number, line.toByteArray());
  }

  /**
   * Bytes as a line, if they are UTF-8.
   *
   * @param number of the line
   */
  public static Line decoded(long number, byte[] bytes) {
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes))
              .toString();
      return new Text(number, text, bytes.length);
    } catch (CharacterCodingException e) {
      return new NotUtf8(number);
    }
  }

  /** Bytes up to the end of the last line, its line break included. */
  public long bytesRead() {
    return filled - (end - position);
  }

  private boolean fill() throws IOException {
    position = 0;
    end = Math.max(0, in.read(buffer, 0, buffer.length));
    filled += end;
    return end > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
