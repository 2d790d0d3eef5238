package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.JsonLines;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.enrichment.evaluation.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Files of plain text, each a document whose id is its name below the directory. Owned by the
 * reading thread.
 */
final class TextSource implements DocumentSource {
  /** How the names of such files end. */
  static final List<String> ENDINGS = List.of(".txt", ".text", ".md");

  private final Path root;
  private final List<Path> files;
  private final int bytesMax;
  private int next;
  private long bytesRead;

  private TextSource(Path root, List<Path> files, int bytesMax) {
    this.root = root;
    this.files = files;
    this.bytesMax = bytesMax;
  }

  /** One file, whatever it is called. */
  static TextSource of(Path file, int bytesMax) {
    Path parent = file.toAbsolutePath().getParent();
    return new TextSource(
        parent == null ? file.toAbsolutePath() : parent, List.of(file.toAbsolutePath()), bytesMax);
  }

  /**
   * The text files of a directory and those below it, in the order of their names.
   *
   * @throws CommandException if there are none
   */
  static TextSource below(Path directory, int bytesMax) throws IOException {
    List<Path> files = new ArrayList<>();
    // Links to directories are not followed: they may lead round in a circle.
    try (Stream<Path> all = Files.walk(directory)) {
      all.filter(Files::isRegularFile).filter(TextSource::isText).forEach(files::add);
    }
    if (files.isEmpty()) {
      throw CommandException.failure(
          "cannot read the input: the directory %s has no text files, such as *%s"
              .formatted(directory, String.join(", *", ENDINGS)));
    }
    files.sort(Comparator.comparing(file -> name(directory, file)));
    return new TextSource(directory, files, bytesMax);
  }

  static boolean isText(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    String plain = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
    return ENDINGS.stream().anyMatch(plain::endsWith);
  }

  /** The same on every machine. */
  private static String name(Path root, Path file) {
    return root.relativize(file).toString().replace('\\', '/');
  }

  /** Bytes of all files. */
  long bytes() throws IOException {
    long sum = 0;
    for (Path file : files) {
      sum += Files.size(file);
    }
    return sum;
  }

  @Override
  public @Nullable Entry next() throws IOException {
    if (next == files.size()) {
      return null;
    }
    Path file = files.get(next);
    next++;
    String name = name(root, file);
    byte[] bytes;
    try (InputStream in = open(file)) {
      bytes = in.readNBytes(bytesMax + 1);
    }
    bytesRead += Files.size(file);
    JsonLines.Line text =
        bytes.length > bytesMax
            ? new JsonLines.TooLong(0, Files.size(file))
            : JsonLines.decoded(0, bytes);
    return new Entry(
        0, name + "\n" + LineSource.raw(text), LineSource.bytes(text), line(name, text));
  }

  private static InputStream open(Path file) throws IOException {
    InputStream in = Files.newInputStream(file);
    try {
      return file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
    } catch (IOException e) {
      in.close();
      throw CommandException.failure(
          "cannot read the input: %s is not compressed with gzip, as its name says".formatted(file),
          e);
    }
  }

  private static InputLine line(String name, JsonLines.Line line) {
    String place = "file " + name;
    if (!(line instanceof JsonLines.Text text)) {
      return InputLine.bad(line, name, place);
    }
    try {
      String plain = text.text().startsWith("\ufeff") ? text.text().substring(1) : text.text();
      return new InputLine.Good(Document.of(name, plain, ""), Reference.NONE);
    } catch (DocumentException e) {
      // Only the name can be at fault: what was decoded is Unicode.
      return new InputLine.Bad(null, RejectReason.INVALID_TEXT, place + ": " + e.getMessage());
    }
  }

  @Override
  public long bytesRead() {
    return bytesRead;
  }

  @Override
  public void close() {}
}
