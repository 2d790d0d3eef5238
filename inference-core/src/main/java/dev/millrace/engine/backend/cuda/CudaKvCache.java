package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;

/**
 * Paged keys and values: [layer][block][key, value][head][token][D]. Immutable.
 *
 * @param shape its extents
 * @param precision of its elements
 * @param address of the first element
 */
record CudaKvCache(KvShape shape, Precision precision, long address) implements KvCache {

  private static final int COPY_THREADS = 256;
  private static final int COPY_PARTS = 8;
  private static final int COPY_WORD_BYTES = 16;

  /** Bytes of a cache of this shape. */
  static long bytes(KvShape shape, Precision precision) {
    return Math.multiplyExact(
        (long) shape.layers() * shape.blocks(),
        2L * shape.heads() * shape.blockTokens() * shape.headDimension() * precision.bytes());
  }

  /** The blocks that exist. */
  StepBlock.BlockRange blocks() {
    return new StepBlock.BlockRange(shape.blockTokens(), shape.blocks(), shape.local());
  }

  /** Bytes of one block of one layer. */
  long blockBytes() {
    return layerBytes() / shape.blocks();
  }

  /** Bytes of one layer. */
  long layerBytes() {
    return bytes(shape, precision) / shape.layers();
  }

  /** Address of a layer's first block. */
  long layer(int layer) {
    return address + layer * layerBytes();
  }

  /**
   * Copies whole blocks of all layers.
   *
   * @param list carries the pairs to the device
   */
  void copyBlocks(int[] from, int[] to, HostWritten list, Work work) {
    int[] pairs = new int[2 * from.length];
    for (int i = 0; i < from.length; i++) {
      pairs[2 * i] = blocks().checked(from[i]);
      pairs[2 * i + 1] = blocks().checked(to[i]);
    }
    list.send(pairs);
    long blockWords = blockBytes() / COPY_WORD_BYTES;
    work.arguments()
        .pointer(address)
        .pointer(list.address())
        .wide(blockWords)
        .wide(blockWords * shape.blocks());
    work.launch(
        work.kernel("mr_copy_blocks"),
        new Grid(from.length, shape.layers(), COPY_PARTS, COPY_THREADS, 0));
  }
}
