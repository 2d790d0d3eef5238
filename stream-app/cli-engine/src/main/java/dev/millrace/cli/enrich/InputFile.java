package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.JsonLines;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * An input that is open. Owned by the reading thread.
 *
 * @param source what it says
 * @param bytes of all of it as it lies on the disk; 0 if nobody knows
 */
record InputFile(DocumentSource source, long bytes) implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  /** What an input may be. */
  enum Format {
    /** An object of JSON on each line. */
    JSONL,
    /** An array of such objects. */
    JSON,
    /** Comma-separated values with a header line. */
    CSV,
    /** A file of plain text. */
    TEXT;

    /** As its name says. */
    static Format of(String input) {
      String name = input.toLowerCase(Locale.ROOT);
      name = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
      if (name.endsWith(".csv") || name.endsWith(".tsv")) {
        return CSV;
      }
      if (name.endsWith(".json")) {
        return JSON;
      }
      return TextSource.isText(Path.of(name)) ? TEXT : JSONL;
    }
  }

  /**
   * Opens a file, a directory of text files or standard input.
   *
   * @param stated what it is; null if its name is to tell
   * @param delimiter of CSV
   * @throws CommandException if it is not what it should be
   */
  static InputFile open(
      String input,
      @Nullable Format stated,
      char delimiter,
      InputFields fields,
      InputStream standardInput)
      throws IOException {
    Format format = stated == null ? Format.of(input) : stated;
    Path path = Path.of(input);
    boolean standard = input.equals(FileRun.STANDARD);
    if (!standard && Files.isDirectory(path)) {
      TextSource files = TextSource.below(path, JsonLines.BYTES_MAX);
      return new InputFile(files, files.bytes());
    }
    if (!standard && !Files.exists(path)) {
      throw CommandException.failure("cannot read the input: no such file " + input);
    }
    if (format == Format.TEXT) {
      if (standard) {
        throw CommandException.usage(
            "--input-format text needs a file or a directory as --input: its name is the id");
      }
      TextSource file = TextSource.of(path, JsonLines.BYTES_MAX);
      return new InputFile(file, file.bytes());
    }
    Counted raw = new Counted(standard ? unclosed(standardInput) : file(path));
    try {
      boolean compressed = input.endsWith(".gz");
      InputStream in =
          new BufferedInputStream(compressed ? uncompressed(raw, input) : raw, BUFFER_BYTES);
      if (stated == null && format == Format.JSON && !isArray(in)) {
        format = Format.JSONL;
      }
      String name = standard ? "standard input" : input;
      long bytes = standard || !Files.isRegularFile(path) ? 0 : Files.size(path);
      return new InputFile(
          source(in, name, format, delimiter, fields, compressed ? raw : null), bytes);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private static DocumentSource source(
      InputStream in,
      String name,
      Format format,
      char delimiter,
      InputFields fields,
      @Nullable Counted compressed)
      throws IOException {
    if (format == Format.JSON) {
      LongSupplier onDisk = compressed == null ? () -> -1L : compressed::bytes;
      return new ArraySource(in, name, fields, onDisk, JsonLines.BYTES_MAX);
    }
    JsonLines lines = new JsonLines(in, JsonLines.BYTES_MAX);
    LongSupplier bytesRead = compressed == null ? lines::bytesRead : compressed::bytes;
    return format == Format.CSV
        ? new CsvSource(lines, name, delimiter, fields, bytesRead, JsonLines.BYTES_MAX)
        : new LineSource(lines, fields, bytesRead);
  }

  /** Files called .json are either. */
  private static boolean isArray(InputStream in) throws IOException {
    in.mark(BUFFER_BYTES);
    byte[] start = in.readNBytes(BUFFER_BYTES);
    in.reset();
    String text = new String(start, StandardCharsets.UTF_8);
    return (text.startsWith("\ufeff") ? text.substring(1) : text).stripLeading().startsWith("[");
  }

  private static InputStream file(Path path) throws IOException {
    try {
      return Files.newInputStream(path);
    } catch (NoSuchFileException e) {
      throw CommandException.failure("cannot read the input: no such file " + path);
    }
  }

  private static InputStream uncompressed(InputStream in, String input) throws IOException {
    try {
      return new GZIPInputStream(in, BUFFER_BYTES);
    } catch (ZipException e) {
      throw CommandException.failure(
          "cannot read the input: %s is not compressed with gzip, as its name says"
              .formatted(input),
          e);
    }
  }

  private static InputStream unclosed(InputStream standardInput) {
    return new FilterInputStream(standardInput) {
      @Override
      public void close() {}
    };
  }

  /** Counts what was read. */
  private static final class Counted extends FilterInputStream {
    private long bytes;

    Counted(InputStream in) {
      super(in);
    }

    long bytes() {
      return bytes;
    }

    @Override
    public int read() throws IOException {
      int next = in.read();
      bytes += next < 0 ? 0 : 1;
      return next;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int read = in.read(into, offset, length);
      bytes += Math.max(0, read);
      return read;
    }
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
