package dev.millrace.cli.enrich;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Result lines for whoever reads while they are written: standard output, a pipe, a device. Owned
 * by one thread.
 */
final class LineOutput implements AutoCloseable {
  private final Writer writer;
  private final boolean owned;

  private LineOutput(Writer writer, boolean owned) {
    this.writer = writer;
    this.owned = owned;
  }

  /** To a writer of the caller's, which is flushed and never closed. */
  static LineOutput to(PrintWriter writer) {
    return new LineOutput(writer, false);
  }

  /** To something that is there and no regular file. */
  static LineOutput to(Path stream) throws IOException {
    return new LineOutput(Files.newBufferedWriter(stream, StandardCharsets.UTF_8), true);
  }

  void line(String line) throws IOException {
    writer.write(line);
    writer.write('\n');
    if (!owned) {
      writer.flush();
      if (writer instanceof PrintWriter printer && printer.checkError()) {
        throw new IOException("nobody reads the output any more");
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (owned) {
      writer.close();
    } else {
      writer.flush();
    }
  }
}
