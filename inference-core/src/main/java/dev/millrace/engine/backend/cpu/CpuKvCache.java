package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Paged keys and values, packed as the weights of attention's two products, so that attention reads
 * them as they lie. One block of one layer is contiguous: for each head its keys [D inputs, tokens
 * outputs], then for each head its values [tokens inputs, D outputs]. Owned by the engine thread;
 * different rows may be stored by different workers.
 */
final class CpuKvCache implements KvCache {

  private final KvShape shape;
  private final ElementType type;
  private final PackedFormat keyFormat;
  private final PackedFormat valueFormat;
  private final long keyBytes;
  private final long valueBytes;
  private final MemorySegment memory;

  CpuKvCache(KvShape shape, ElementType type, NativeMemory owner) {
    this.shape = shape;
    this.type = type;
    keyFormat = PackedFormat.of(type, shape.blockTokens());
    valueFormat = PackedFormat.of(type, shape.headDimension());
    keyBytes = keyFormat.bytes(shape.headDimension(), shape.blockTokens());
    valueBytes = valueFormat.bytes(shape.blockTokens(), shape.headDimension());
    memory = owner.allocate(bytes(shape, type));
  }

  /** Bytes of a cache of this shape. */
  static long bytes(KvShape shape, ElementType type) {
    long keys =
        PackedFormat.of(type, shape.blockTokens())
            .bytes(shape.headDimension(), shape.blockTokens());
    long values =
        PackedFormat.of(type, shape.headDimension())
            .bytes(shape.blockTokens(), shape.headDimension());
    return Math.multiplyExact(
        Math.multiplyExact((long) shape.layers() * shape.blocks(), keys + values),
        (long) shape.heads());
  }

  @Override
  public KvShape shape() {
    return shape;
  }

  ElementType type() {
    return type;
  }

  PackedFormat keyFormat() {
    return keyFormat;
  }

  PackedFormat valueFormat() {
    return valueFormat;
  }

  private long blockBytes() {
    return shape.heads() * (keyBytes + valueBytes);
  }

  private long blockOffset(int layer, int block) {
    return ((long) layer * shape.blocks() + block) * blockBytes();
  }

  /** Address of the packed keys of a head in a block. */
  long keys(int layer, int block, int head) {
    return memory.address() + blockOffset(layer, block) + head * keyBytes;
  }

  /** Address of the packed values of a head in a block. */
  long values(int layer, int block, int head) {
    return memory.address()
        + blockOffset(layer, block)
        + shape.heads() * keyBytes
        + head * valueBytes;
  }

  /**
   * Stores one token's key and value of one head.
   *
   * @param row floats; the key at byte {@code keyAt}, the value at byte {@code valueAt}
   */
  void store(
      int layer, int block, int slot, int head, MemorySegment row, long keyAt, long valueAt) {
    int dimension = shape.headDimension();
    long keyBase = blockOffset(layer, block) + head * keyBytes;
    long valueBase = blockOffset(layer, block) + shape.heads() * keyBytes + head * valueBytes;
    if (type == ElementType.BF16) {
      storeBfloat16(keyBase, valueBase, slot, row, keyAt, valueAt, dimension);
      return;
    }
    for (int d = 0; d < dimension; d++) {
      float key = row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, keyAt + 4L * d);
      float value = row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, valueAt + 4L * d);
      memory.set(
          ValueLayout.JAVA_FLOAT_UNALIGNED, keyBase + keyFormat.offset(dimension, d, slot), key);
      memory.set(
          ValueLayout.JAVA_FLOAT_UNALIGNED,
          valueBase + valueFormat.offset(shape.blockTokens(), slot, d),
          value);
    }
  }

  private void storeBfloat16(
      long keyBase,
      long valueBase,
      int slot,
      MemorySegment row,
      long keyAt,
      long valueAt,
      int dimension) {
    long keyStart = keyBase + keyFormat.offset(dimension, 0, slot);
    long keyStep = 4L * keyFormat.width();
    for (int d = 0; d < dimension; d += 2) {
      int low = RowMath.toBfloat16(row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, keyAt + 4L * d));
      int high = RowMath.toBfloat16(row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, keyAt + 4L * d + 4));
      memory.set(
          ValueLayout.JAVA_INT_UNALIGNED,
          keyStart + d / 2 * keyStep,
          (high << 16) | (low & 0xffff));
    }
    int width = valueFormat.width();
    for (int first = 0; first < dimension; first += width) {
      long start = valueBase + valueFormat.offset(shape.blockTokens(), slot, first);
      int count = Math.min(width, dimension - first);
      for (int d = 0; d < count; d++) {
        float value = row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, valueAt + 4L * (first + d));
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, start + 4L * d, RowMath.toBfloat16(value));
      }
    }
  }

  /** Sets a block's values of all heads to zero. */
  void clearValues(int layer, int block) {
    long start = blockOffset(layer, block) + shape.heads() * keyBytes;
    memory.asSlice(start, shape.heads() * valueBytes).fill((byte) 0);
  }

  /** Copies one block of every layer. */
  void copyBlock(int from, int to) {
    for (int layer = 0; layer < shape.layers(); layer++) {
      MemorySegment.copy(
          memory, blockOffset(layer, from), memory, blockOffset(layer, to), blockBytes());
    }
  }
}
