package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * An unquantised source as it lies in its file. Immutable.
 *
 * @param tensor the values
 * @param lines number of lines
 * @param elements elements of a line that belong to the source
 * @param first element of a line at which the source begins
 * @param stride elements from one line to the next
 * @param transposed whether a line runs over outputs
 */
record TensorLines(
    Tensor tensor, int lines, int elements, int first, long stride, boolean transposed)
    implements SourceLines {

  static TensorLines of(MatrixSource.Unquantised source) {
    return switch (source) {
      case MatrixSource.Plain(Tensor values, MatrixSource.Order order) -> {
        int lines = Math.toIntExact(values.shape().extent(0));
        int elements = Math.toIntExact(values.shape().extent(1));
        boolean transposed = order == MatrixSource.Order.IN_OUT;
        yield new TensorLines(values, lines, elements, 0, elements, transposed);
      }
      case MatrixSource.Columns(Tensor values, int first, int outputs) ->
          new TensorLines(values, source.inputs(), outputs, first, values.shape().extent(1), true);
    };
  }

  /** The rows of a tensor of any type. */
  static TensorLines rows(Tensor tensor) {
    int lines = Math.toIntExact(tensor.shape().extent(0));
    int elements = Math.toIntExact(tensor.shape().extent(1));
    return new TensorLines(tensor, lines, elements, 0, elements, false);
  }

  /** The elements of a tensor, each a line. */
  static TensorLines column(Tensor tensor) {
    int lines = Math.toIntExact(tensor.shape().elements());
    return new TensorLines(tensor, lines, 1, 0, 1, false);
  }

  @Override
  public int typeCode() {
    return switch (tensor.type()) {
      case F32 -> 0;
      case BF16 -> 1;
      case F16 -> 2;
      default ->
          throw new IllegalArgumentException(
              "the cuda backend loads F32, BF16 and F16, %s is %s"
                  .formatted(tensor.name(), tensor.type()));
    };
  }

  @Override
  public long lineBytes() {
    return (long) elements * tensor.type().bytes();
  }

  @Override
  public void copy(int firstLine, int count, MemorySegment target) {
    Parts.run(count, count * lineBytes(), (from, to) -> copy(firstLine, from, to, target));
  }

  private void copy(int firstLine, int from, int to, MemorySegment target) {
    int width = tensor.type().bytes();
    long line = lineBytes();
    if (stride == elements) {
      long start = (firstLine + from) * line;
      MemorySegment.copy(tensor.data(), start, target, from * line, (to - from) * line);
      return;
    }
    for (int i = from; i < to; i++) {
      long start = ((firstLine + i) * stride + first) * width;
      MemorySegment.copy(tensor.data(), start, target, i * line, line);
    }
  }
}
