package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;

/**
 * Keys and values in double precision: one array per layer and block, tokens in order, per token
 * all key heads and then all value heads. Owned by the engine thread.
 */
final class HostKvCache implements KvCache {

  private final KvShape shape;
  private final double[][] blocks;

  HostKvCache(KvShape shape) {
    this.shape = shape;
    int elements = Math.multiplyExact(shape.blockTokens(), tokenWidth(shape));
    blocks = new double[Math.multiplyExact(shape.layers(), shape.blocks())][elements];
  }

  @Override
  public KvShape shape() {
    return shape;
  }

  /** Bytes a cache of this shape takes, array headers left out. */
  static long bytes(KvShape shape) {
    long tokens = Math.multiplyExact((long) shape.layers() * shape.blocks(), shape.blockTokens());
    return Math.multiplyExact(tokens, (long) tokenWidth(shape) * Double.BYTES);
  }

  private static int tokenWidth(KvShape shape) {
    return Math.multiplyExact(2 * shape.heads(), shape.headDimension());
  }

  /** The array that holds {@code position} of a sequence. */
  double[] block(int layer, int[] table, int position) {
    return blocks[layer * shape.blocks() + table[position / shape.blockTokens()]];
  }

  /** Index of a head's key at {@code position} within its array. */
  int keyAt(int position, int head) {
    return position % shape.blockTokens() * tokenWidth(shape) + head * shape.headDimension();
  }

  /** Index of a head's value at {@code position} within its array. */
  int valueAt(int position, int head) {
    return keyAt(position, head) + shape.heads() * shape.headDimension();
  }

  void copy(int from, int to) {
    for (int layer = 0; layer < shape.layers(); layer++) {
      double[] source = blocks[layer * shape.blocks() + from];
      System.arraycopy(source, 0, blocks[layer * shape.blocks() + to], 0, source.length);
    }
  }
}
