package dev.millrace.streams.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A list of a store's files and their checksums, made when the store is closed and taken away when
 * it is opened. RocksDB alone does not notice everything: it takes a damaged end of its manifest
 * for a write that was interrupted and opens an empty store, and Kafka's iterators take a damaged
 * block for the end of the store.
 */
final class Seal {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path directory;
  private final Path file;

  /**
   * @param directory of the store; its seal lies beside it
   */
  Seal(Path directory) {
    this.directory = directory;
    this.file = directory.resolveSibling(directory.getFileName() + ".seal");
  }

  /** Whether there is a store at all. */
  boolean hasStore() {
    return Files.exists(directory.resolve("CURRENT")) || Files.exists(file);
  }

  /** Whether the store was closed in good order. */
  boolean isThere() {
    return Files.exists(file);
  }

  /**
   * Compares.
   *
   * @return the first file that is not as it was left, and how; empty if all are
   */
  String damage() throws IOException {
    List<String> sealed = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    List<String> found = lines();
    for (int i = 0; i < Math.max(sealed.size(), found.size()); i++) {
      String was = i < sealed.size() ? sealed.get(i) : "no such file";
      String is = i < found.size() ? found.get(i) : "no such file";
      if (!was.equals(is)) {
        return String.format(Locale.ROOT, "%s, expected %s", is, was);
      }
    }
    return "";
  }

  /** From now on the files change. */
  void take() throws IOException {
    Files.deleteIfExists(file);
  }

  /** The store is closed: its files stay as they are until it is opened. */
  void put() throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    Files.write(draft, lines(), StandardCharsets.ISO_8859_1);
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private List<String> lines() throws IOException {
    List<String> lines = new ArrayList<>();
    for (Path each : files()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s of %d bytes: %08x",
              each.getFileName(),
              Files.size(each),
              crc(each)));
    }
    return lines;
  }

  /** Those that the store is read from: not what RocksDB leaves for people. */
  private List<Path> files() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.filter(each -> isRead(each.getFileName().toString())).sorted().toList();
    }
  }

  private static boolean isRead(String name) {
    return name.equals("CURRENT") || name.startsWith("MANIFEST") || name.endsWith(".sst");
  }

  private static long crc(Path file) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        crc.update(buffer, 0, read);
      }
    }
    return crc.getValue();
  }
}
