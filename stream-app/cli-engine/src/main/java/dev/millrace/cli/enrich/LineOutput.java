package dev.millrace.cli.enrich;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;

/**
 * Where result lines go. A file appears under its name only when it is complete: until {@link
 * #commit} it is a hidden one beside it, and {@link #close} without a commit removes that. A path
 * that is no regular file (a pipe, a device) is written directly. Thread-safe because every method
 * locks: a shutdown hook may close while another thread writes.
 */
final class LineOutput implements AutoCloseable {
  private final Writer writer;
  private final Optional<Path> target;
  private final Optional<Path> temporary;
  private boolean closed;

  private LineOutput(Writer writer, Optional<Path> target, Optional<Path> temporary) {
    this.writer = writer;
    this.target = target;
    this.temporary = temporary;
  }

  /** To a writer of the caller's, which is flushed and never closed. */
  static LineOutput to(PrintWriter writer) {
    return new LineOutput(writer, Optional.empty(), Optional.empty());
  }

  /** To a file. */
  static LineOutput to(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      Writer direct = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
      return new LineOutput(direct, Optional.of(file), Optional.empty());
    }
    // What a link points to is replaced, not the link.
    Path absolute = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    String name =
        String.format(
            Locale.ROOT, ".%s.%d.partial", absolute.getFileName(), ProcessHandle.current().pid());
    Path temporary = absolute.resolveSibling(name);
    BufferedWriter writer = Files.newBufferedWriter(temporary, StandardCharsets.UTF_8);
    return new LineOutput(writer, Optional.of(absolute), Optional.of(temporary));
  }

  synchronized void line(String line) throws IOException {
    if (closed) {
      throw new IOException("the output is closed");
    }
    writer.write(line);
    writer.write('\n');
    if (target.isEmpty()) {
      writer.flush();
      if (writer instanceof PrintWriter printer && printer.checkError()) {
        throw new IOException("nobody reads the output any more");
      }
    }
  }

  /** Makes what was written visible. */
  synchronized void commit() throws IOException {
    if (closed) {
      throw new IOException("the output is closed");
    }
    closed = true;
    if (target.isEmpty()) {
      writer.flush();
      return;
    }
    writer.close();
    if (temporary.isPresent()) {
      Files.move(
          temporary.get(),
          target.get(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (target.isEmpty()) {
      writer.flush();
      return;
    }
    try {
      writer.close();
    } finally {
      if (temporary.isPresent()) {
        Files.deleteIfExists(temporary.get());
      }
    }
  }
}
