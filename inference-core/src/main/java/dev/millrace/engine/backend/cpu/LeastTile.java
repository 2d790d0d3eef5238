package dev.millrace.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How few rows a tile should have on this processor, found out once per process and element type.
 *
 * <p>A few rows wait for their weights to come from memory. Code for one row asks for more of them
 * at a time on some processors and for fewer on others: decoding was 7 to 13 % faster without tiles
 * below four rows on one machine, and 15 % slower on another. The bits of a row do not depend on
 * the answer. Thread-safe.
 */
final class LeastTile {

  private static final Logger LOG = LoggerFactory.getLogger(LeastTile.class);
  private static final int ONE = 1;
  private static final int FOUR = 4;
  private static final int INPUTS = 1024;
  private static final int OUTPUTS = 256;
  private static final int ATTEMPTS = 3;

  /** More than caches hold, and read in a few milliseconds. */
  private static final long WEIGHT_BYTES = 96L << 20;

  private static final Map<ElementType, Integer> FOUND = new EnumMap<>(ElementType.class);

  private LeastTile() {}

  /** Rows of the smallest tile. */
  static int on(OneDnn dnn, ElementType type) {
    synchronized (FOUND) {
      return FOUND.computeIfAbsent(type, key -> measure(dnn, key));
    }
  }

  private static int measure(OneDnn dnn, ElementType type) {
    PackedFormat format = PackedFormat.of(type, OUTPUTS);
    ProductShape shape = ProductShape.storing(INPUTS, OUTPUTS, type, INPUTS, OUTPUTS);
    long[] streams = {dnn.stream()};
    try (NativeMemory memory = new NativeMemory();
        OneDnnProduct one = new OneDnnProduct(dnn, shape, format, streams, ONE);
        OneDnnProduct four = new OneDnnProduct(dnn, shape, format, streams, FOUR)) {
      long panelBytes = format.bytes(INPUTS, OUTPUTS);
      MemorySegment weights = memory.allocate(WEIGHT_BYTES / panelBytes * panelBytes);
      weights.fill((byte) 0);
      MemorySegment src = memory.allocate((long) Product.TILE_ROWS_MAX * INPUTS * type.bytes());
      MemorySegment dst = memory.allocate((long) Product.TILE_ROWS_MAX * OUTPUTS * Float.BYTES);
      long oneNanos = Long.MAX_VALUE;
      long fourNanos = Long.MAX_VALUE;
      for (int i = 0; i < ATTEMPTS; i++) {
        oneNanos = Math.min(oneNanos, nanos(one, src, weights, panelBytes, dst));
        fourNanos = Math.min(fourNanos, nanos(four, src, weights, panelBytes, dst));
      }
      int least = oneNanos <= fourNanos ? ONE : FOUR;
      LOG.debug(
          "one row over {} MiB of {} weights: {} us, four rows {} us; smallest tile {}",
          WEIGHT_BYTES >> 20,
          type,
          oneNanos / 1000,
          fourNanos / 1000,
          least);
      return least;
    } finally {
      dnn.destroyStream(streams[0]);
    }
  }

  /** Time of one row's product with all weights. */
  private static long nanos(
      Product product,
      MemorySegment src,
      MemorySegment weights,
      long panelBytes,
      MemorySegment dst) {
    long start = System.nanoTime();
    for (long at = 0; at < weights.byteSize(); at += panelBytes) {
      product.run(0, 1, src.address(), weights.address() + at, dst.address());
    }
    return System.nanoTime() - start;
  }
}
