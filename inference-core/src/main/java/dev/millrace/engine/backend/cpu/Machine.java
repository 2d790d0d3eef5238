package dev.millrace.engine.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** What the operating system says about memory and processor. Stateless; thread-safe. */
final class Machine {

  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");
  private static final long UNKNOWN_BYTES = 1L << 30;

  private Machine() {}

  /** Bytes that can be allocated without swapping; a cautious guess where nobody says. */
  static long availableBytes() {
    return field(MEMORY, "MemAvailable")
        .map(text -> Long.parseLong(text.replaceAll("\\D", "")) * 1024)
        .orElse(UNKNOWN_BYTES);
  }

  /** The processor's name, or its architecture. */
  static String processor() {
    return field(PROCESSOR, "model name").orElse(System.getProperty("os.arch", "unknown"));
  }

  private static Optional<String> field(Path file, String name) {
    try {
      return Arrays.stream(Files.readString(file).split("\n"))
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
