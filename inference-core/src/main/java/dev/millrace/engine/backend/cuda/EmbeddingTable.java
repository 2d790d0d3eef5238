package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Matrix;

/**
 * An embedding table on the device. Immutable.
 *
 * @param outputs V
 * @param inputs H
 * @param precision of its elements
 * @param address of the first row
 */
record EmbeddingTable(int outputs, int inputs, Precision precision, long address)
    implements Matrix {

  @Override
  public long bytes() {
    return (long) outputs * inputs * precision.bytes();
  }
}
