package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Matrix;

/**
 * A weight as the products read it, in tiles, padded with zeros; the layout is described in {@code
 * millrace/packed.cuh}. The terms of a weight that is kept whole follow one another. Immutable.
 *
 * @param format storage of the values
 * @param outputs rows that are not padding
 * @param inputs columns that are not padding
 * @param packedRows a multiple of 64
 * @param packedInputs a multiple of the format's step
 * @param address of the tiles
 * @param table address of device words that hold the address of this matrix, or of all of its
 *     group; then those of their second terms, and so on
 */
record PackedMatrix(
    WeightFormat format,
    int outputs,
    int inputs,
    int packedRows,
    int packedInputs,
    long address,
    long table)
    implements Matrix {

  /** Rows of a tile. */
  static final int TILE = 64;

  /** The next multiple of a tile's rows. */
  static int paddedRows(int rows) {
    return Math.ceilDiv(rows, TILE) * TILE;
  }

  /** Address behind the values, where the scales lie. */
  long scales() {
    return address + format.valueBytes(packedRows, packedInputs);
  }

  /** Bytes of values and scales. */
  @Override
  public long bytes() {
    return format.bytes(packedRows, packedInputs);
  }

  /** Bytes from one term to the next. */
  long termBytes() {
    return format.valueBytes(packedRows, packedInputs);
  }

  /** The same with another table. */
  PackedMatrix withTable(long words) {
    return new PackedMatrix(format, outputs, inputs, packedRows, packedInputs, address, words);
  }
}
