package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.tensor.Tensor;
import java.util.LinkedHashSet;
import java.util.Set;

/** Fills nothing, but takes note of what would be filled. Owned by one thread. */
final class Inventory implements Filling {

  private final Set<PackedMatrix> matrices = new LinkedHashSet<>();
  private long largestSource = Float.BYTES;
  private int vocabulary;

  /** Every packed matrix, once. */
  Set<PackedMatrix> matrices() {
    return matrices;
  }

  /** Bytes of the largest source as it is sent to the device, or somewhat more. */
  long largestSource() {
    return largestSource;
  }

  /** Rows of the embedding table; the head has as many. */
  int vocabulary() {
    return vocabulary;
  }

  @Override
  public void clear(PackedMatrix matrix) {}

  @Override
  public void pack(MatrixSource source, PackedMatrix matrix, int firstRow, Packer.Layout layout) {
    matrices.add(matrix);
    note(source);
  }

  @Override
  public void table(MatrixSource table, Precision kept, long address) {
    vocabulary = table.outputs();
    note(table);
  }

  @Override
  public void floats(MatrixSource source, long address) {
    note(source);
  }

  private void note(MatrixSource source) {
    int width =
        source instanceof MatrixSource.Unquantised plain
            ? plain.values().type().bytes()
            : Float.BYTES;
    largestSource = Math.max(largestSource, (long) source.outputs() * source.inputs() * width);
  }

  @Override
  public void floats(Tensor values, long address) {}

  @Override
  public void words(long[] values, long address) {}
}
