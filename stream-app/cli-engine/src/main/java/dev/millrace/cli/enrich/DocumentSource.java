package dev.millrace.cli.enrich;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where documents are read, one after the other. Owned by the reading thread. */
interface DocumentSource extends AutoCloseable {

  /**
   * One thing that should be a document.
   *
   * @param number of the line on which it begins, from 1; 0 if it is no part of a file
   * @param raw what stands there, by which another run knows it again
   * @param bytes about as much memory as it takes
   * @param line what it says
   */
  record Entry(long number, String raw, int bytes, InputLine line) {}

  /**
   * The next one, or null at the end.
   *
   * @throws dev.millrace.cli.CommandException if what follows cannot be told apart
   */
  @Nullable Entry next() throws IOException;

  /** Bytes of the input, as it lies on the disk, up to the end of the last entry. */
  long bytesRead();

  @Override
  void close() throws IOException;
}
