package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.tensor.Tensor;

/** Puts values into places that the {@link WeightLoader} has found for them. */
interface Filling {

  /** Makes a matrix zero, for its padding. */
  void clear(PackedMatrix matrix);

  /** Packs a source into a matrix, into rows that the layout counts from a row on. */
  void pack(MatrixSource source, PackedMatrix matrix, int firstRow, Packer.Layout layout);

  /** An embedding table, row by row. */
  void table(MatrixSource table, Precision kept, long address);

  /** All values of a matrix, row by row, as f32. */
  void floats(MatrixSource source, long address);

  /** All values of a tensor as f32. */
  void floats(Tensor values, long address);

  /** Words that kernels read, such as addresses. */
  void words(long[] values, long address);
}
