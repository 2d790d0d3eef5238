package dev.millrace.engine.device;

import dev.millrace.engine.backend.cuda.HeldDeviceMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What this process holds, as the operating system, the virtual machine and the CUDA driver see it.
 *
 * @param heapBytes live objects
 * @param residentBytes memory that belongs to no file and is not committed to the heap
 * @param addressBytes address space for such memory, resident or not: keys and values take pages
 *     only when they are written
 * @param mappedBytes address space of mapped files of the models
 * @param deviceBytes memory of a GPU
 * @param deviceObjects what else its driver has handed out
 */
record HeldMemory(
    long heapBytes,
    long residentBytes,
    long addressBytes,
    long mappedBytes,
    long deviceBytes,
    int deviceObjects) {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path MAPS = Path.of("/proc/self/maps");

  private static final long SETTLED_BYTES = 64 << 10;
  private static final long PAUSE_NANOS = 20_000_000;

  /** Whether this system tells. */
  static boolean isKnown() {
    return Files.isReadable(STATUS) && Files.isReadable(MAPS);
  }

  /** After the heap was cleared of what nobody uses. */
  static HeldMemory now(List<Path> models) {
    MemoryUsage heap = settled();
    return new HeldMemory(
        heap.getUsed(),
        status("RssAnon:") - heap.getCommitted(),
        status("VmData:") - heap.getCommitted(),
        mapped(models),
        HeldDeviceMemory.bytes(),
        HeldDeviceMemory.objects());
  }

  /** Collects until nothing more is found: threads that end hold what they used for a while. */
  private static MemoryUsage settled() {
    MemoryUsage least = collected();
    for (int unchanged = 0; unchanged < 2; ) {
      MemoryUsage heap = collected();
      unchanged = least.getUsed() - heap.getUsed() > SETTLED_BYTES ? 0 : unchanged + 1;
      least = heap;
    }
    return least;
  }

  private static MemoryUsage collected() {
    System.gc();
    LockSupport.parkNanos(PAUSE_NANOS);
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
  }

  private static long status(String key) {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
              .filter(line -> line.startsWith(key))
              .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
              .sum()
          << 10;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Address space of mapped files in these directories. */
  static long mapped(List<Path> models) {
    try (Stream<String> lines = Files.lines(MAPS)) {
      return lines
          .filter(line -> models.stream().anyMatch(model -> line.contains(model + "/")))
          .mapToLong(HeldMemory::length)
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of a line that begins with two addresses. */
  private static long length(String line) {
    String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
    return Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16);
  }
}
