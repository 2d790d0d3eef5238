package dev.millrace.cli.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The engine's golden checkpoints, which the repository holds compressed. */
final class GoldenFiles {

  private static final Path PACKED =
      Path.of(System.getProperty("millrace.root"), "inference-core/src/test/resources/golden");

  private GoldenFiles() {}

  /** Unpacks a case below a directory and returns where it is. */
  static Path unpack(String name, Path temporary) {
    Path directory = temporary.resolve(name);
    try (Stream<Path> files = Files.list(PACKED.resolve(name))) {
      Files.createDirectory(directory);
      for (Path file : files.toList()) {
        String packed = file.getFileName().toString();
        Path target = directory.resolve(packed.replaceFirst("\\.gz$", ""));
        try (var in = Files.newInputStream(file)) {
          Files.copy(packed.endsWith(".gz") ? new GZIPInputStream(in) : in, target);
        }
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
