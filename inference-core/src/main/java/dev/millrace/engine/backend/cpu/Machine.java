package dev.millrace.engine.backend.cpu;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** What the operating system says about memory and processor. Stateless; thread-safe. */
final class Machine {

  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");
  private static final Path PROCESS = Path.of("/proc/self/status");
  private static final long UNKNOWN_BYTES = 1L << 30;

  private Machine() {}

  /** Bytes that can be allocated without swapping; a cautious guess where nobody says. */
  static long availableBytes() {
    return availableBytes(MEMORY, PROCESS, containerBytes());
  }

  /**
   * The smaller of what the system has and what the container leaves. Pages of mapped files do not
   * count: they are given back when memory runs short, in a container as well.
   *
   * @param limitBytes the container's limit, or all of the machine's memory
   */
  static long availableBytes(Path memory, Path process, long limitBytes) {
    Optional<Long> system = kibibytes(memory, "MemAvailable");
    Optional<Long> own = kibibytes(process, "RssAnon");
    if (system.isEmpty() || own.isEmpty()) {
      return UNKNOWN_BYTES;
    }
    return Math.max(0, Math.min(system.get(), limitBytes - own.get()));
  }

  private static long containerBytes() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  private static Optional<Long> kibibytes(Path file, String name) {
    return field(file, name).map(text -> Long.parseLong(text.replaceAll("\\D", "")) * 1024);
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
