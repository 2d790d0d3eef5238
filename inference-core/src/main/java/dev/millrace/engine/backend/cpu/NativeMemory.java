package dev.millrace.engine.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * Memory outside the heap, zero at first, freed all at once by {@link #close}. Large pieces ask the
 * operating system for large pages, which spares address translations while weights stream through.
 * Thread-safe.
 */
@SuppressWarnings("restricted") // native memory and calls are what this class is for
final class NativeMemory implements AutoCloseable {

  private static final long ALIGNMENT = 64;
  private static final long LARGE_PAGE = 2L << 20;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int ADVISE_LARGE_PAGES = 14;

  private final Arena arena = Arena.ofShared();

  /** Allocates {@code bytes} bytes, 64-byte aligned. */
  MemorySegment allocate(long bytes) {
    long size = Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (size >= 2 * LARGE_PAGE && Mapping.INSTANCE.isPresent()) {
      return Mapping.INSTANCE.get().map(size, arena);
    }
    return arena.allocate(size, ALIGNMENT);
  }

  @Override
  public void close() {
    arena.close();
  }

  /** Linux's anonymous mappings, where they can be called. */
  private record Mapping(MethodHandle mmap, MethodHandle madvise, MethodHandle munmap) {

    static final Optional<Mapping> INSTANCE = find();

    private static Optional<Mapping> find() {
      if (!NativeLibraries.isLinux()) {
        return Optional.empty();
      }
      Linker linker = Linker.nativeLinker();
      SymbolLookup lookup = linker.defaultLookup();
      var address = ValueLayout.JAVA_LONG;
      var number = ValueLayout.JAVA_INT;
      return lookup
          .find("mmap")
          .map(mmap ->
              new Mapping(
                  linker.downcallHandle(
                      mmap,
                      FunctionDescriptor.of(
                          address, address, address, number, number, number, address)),
                  linker.downcallHandle(
                      lookup.findOrThrow("madvise"),
                      FunctionDescriptor.of(number, address, address, number)),
                  linker.downcallHandle(
                      lookup.findOrThrow("munmap"),
                      FunctionDescriptor.of(number, address, address))));
    }

    MemorySegment map(long size, Arena owner) {
      long mapped = size + LARGE_PAGE;
      long start = call(mapped);
      long aligned = (start + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
      advise(aligned, size);
      return MemorySegment.ofAddress(aligned)
          .reinterpret(size, owner, ignored -> unmap(start, mapped));
    }

    private long call(long mapped) {
      long start;
      try {
        start = (long) mmap.invokeExact(0L, mapped, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      } catch (Throwable e) {
        throw new IllegalStateException("calling mmap failed", e);
      }
      if (start == -1) {
        throw new OutOfMemoryError(
            String.format(Locale.ROOT, "cannot map %d bytes for the cpu backend", mapped));
      }
      return start;
    }

    /** A refusal only costs speed. */
    private void advise(long start, long size) {
      try {
        int ignored = (int) madvise.invokeExact(start, size, ADVISE_LARGE_PAGES);
      } catch (Throwable e) {
        throw new IllegalStateException("calling madvise failed", e);
      }
    }

    private void unmap(long start, long mapped) {
      try {
        int ignored = (int) munmap.invokeExact(start, mapped);
      } catch (Throwable e) {
        throw new IllegalStateException("calling munmap failed", e);
      }
    }
  }
}
