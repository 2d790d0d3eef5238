package dev.millrace.engine.backend.cuda;

import java.util.HashMap;
import java.util.Map;

/**
 * The largest of everything that was loaded, from which scratch memory is sized. Owned by the
 * engine thread.
 */
final class Extents {

  private int rows = 1;
  private int width = 1;
  private int outputs = 1;
  private int innerStride;
  private long pairsPerToken;
  private final Precision precision;
  private final Map<PackedMatrix, Integer> rowsPerToken = new HashMap<>();

  Extents(Precision precision) {
    this.precision = precision;
  }

  /** Rows of activations were made. */
  void rows(int rowsMax, int rowWidth) {
    rows = Math.max(rows, rowsMax);
    width = Math.max(width, rowWidth);
  }

  /** A matrix was loaded. */
  void matrix(PackedMatrix matrix) {
    outputs = Math.max(outputs, matrix.outputs());
    width = Math.max(width, matrix.inputs());
    rowsPerToken.put(matrix, 1);
  }

  /** A dense feed-forward block was loaded. */
  void feedForward(SwiGluWeights weights) {
    int stride = SwiGluWeights.innerStride(weights.width());
    innerStride = Math.max(innerStride, stride);
    pairsPerToken = Math.max(pairsPerToken, stride);
    rowsPerToken.put(weights.gateUp(), 1);
    rowsPerToken.put(weights.down(), 1);
  }

  /** A mixture of experts was loaded. */
  void moe(MixtureWeights weights) {
    rowsPerToken.put(weights.gateUp(), 1);
    rowsPerToken.put(weights.down(), weights.slots(1));
    long pairs = (long) weights.slots(1) * SwiGluWeights.innerStride(weights.width());
    pairsPerToken = Math.max(pairsPerToken, pairs);
    weights.apart().forEach(this::feedForward);
  }

  /** Tells what rows will go through which matrix. */
  Products expected(Products products) {
    rowsPerToken.forEach((matrix, rows) -> products.expect(matrix, rows * capacity()));
    products.expectPairs(pairsPerToken * capacity());
    return products;
  }

  /** Most rows of a step. */
  int rows() {
    return rows;
  }

  /** Rows that kernels of such a step may touch. */
  int capacity() {
    return Buckets.capacity(rows);
  }

  /** Elements of the widest row. */
  int width() {
    return width;
  }

  /** Bytes between the two products of dense blocks; 0 if there are none. */
  long innerBytes() {
    return (long) capacity() * innerStride * precision.operandBytes();
  }

  /** What the head must have room for. */
  Head.Extents head() {
    return new Head.Extents(rows, width, outputs, precision);
  }
}
