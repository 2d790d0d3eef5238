package dev.millrace.operations.host;

import dev.millrace.operations.OperationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * The directory of the pending stores, and whether there is room in it. Thread-safe: keeps nothing
 * but the latest answer.
 */
public final class StateDisk {
  /** The pending stores of a few stream tasks write as much at once. */
  static final long BYTES_MIN = 16L << 20;

  private static final String PROBE = ".millrace-probe";
  private static final int PROBE_BYTES = 4096;

  private final Path directory;
  private final String key;
  private final Access access;
  private volatile String latest = "";

  /** How a directory is tried. */
  interface Access {
    /** Bytes that this process may still write there. */
    long usable(Path directory) throws IOException;

    /** Makes the directory if it is not there, and writes a file in it and deletes it. */
    void write(Path directory) throws IOException;
  }

  /**
   * @param key the setting that names the directory
   */
  public StateDisk(Path directory, String key) {
    this(directory, key, new RealAccess());
  }

  StateDisk(Path directory, String key, Access access) {
    this.directory = directory;
    this.key = key;
    this.access = access;
  }

  /**
   * Tries the directory now.
   *
   * @throws OperationException if it cannot be written to, or is about to be full
   */
  public void check() {
    latest = look();
    if (!latest.isEmpty()) {
      throw new OperationException(latest);
    }
  }

  private String look() {
    try {
      access.write(directory);
      long usable = access.usable(directory);
      if (usable < BYTES_MIN) {
        return String.format(
            Locale.ROOT,
            "%s = %s has %d KiB left, expected at least %d: make room; the application goes on by"
                + " itself",
            key,
            directory,
            usable >> 10,
            BYTES_MIN >> 10);
      }
      return "";
    } catch (IOException e) {
      return ("%s = %s cannot be written to: %s; make room or make it writable, or name another"
              + " directory")
          .formatted(key, directory, reason(e));
    }
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException found && found.getReason() != null) {
      return found.getReason();
    }
    return String.valueOf(e.getMessage());
  }

  /** What the latest try found; empty if all was well. */
  public String problem() {
    return latest;
  }

  private static final class RealAccess implements Access {
    @Override
    public long usable(Path directory) throws IOException {
      return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public void write(Path directory) throws IOException {
      Files.createDirectories(directory);
      Path probe = directory.resolve(PROBE);
      try (FileChannel channel =
          FileChannel.open(
              probe,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        ByteBuffer bytes = ByteBuffer.allocate(PROBE_BYTES);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
    }
  }
}
