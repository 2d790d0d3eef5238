package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Matrix;

/**
 * A weight as the products read it: bf16 in tiles of 64 rows and 64 columns, padded with zeros; the
 * layout is described in {@code millrace/packed.cuh}. Immutable.
 *
 * @param outputs rows that are not padding
 * @param inputs columns that are not padding
 * @param packedRows a multiple of 64
 * @param packedInputs a multiple of 64
 * @param address of the tiles
 * @param table address of a device word that holds {@code address}
 */
record PackedMatrix(
    int outputs, int inputs, int packedRows, int packedInputs, long address, long table)
    implements Matrix {

  /** Rows and columns of a tile. */
  static final int TILE = 64;

  /** The next multiple of a tile's extent. */
  static int padded(int extent) {
    return Math.ceilDiv(extent, TILE) * TILE;
  }

  /** Bytes of a packed matrix. */
  static long bytes(int packedRows, int packedInputs) {
    return (long) packedRows * packedInputs * Short.BYTES;
  }
}
