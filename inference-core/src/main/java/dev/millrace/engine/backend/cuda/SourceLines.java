package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.QuantisedSource;
import java.lang.foreign.MemorySegment;

/**
 * A source's values as lines that are sent to the device one after the other: lines of inputs, or,
 * for a weight that is stored transposed, lines of outputs.
 */
sealed interface SourceLines permits TensorLines, DequantisedLines {

  /** The lines of a source, as near to its file as the kernels can read. */
  static SourceLines of(MatrixSource source) {
    return switch (source) {
      case MatrixSource.Unquantised values -> TensorLines.of(values);
      case QuantisedSource quantised -> new DequantisedLines(quantised);
    };
  }

  /** Number of lines. */
  int lines();

  /** Elements of a line. */
  int elements();

  /** Bytes of a line. */
  long lineBytes();

  /** The kernels' number for the element type: 0 f32, 1 bf16, 2 f16. */
  int typeCode();

  /** Whether a line runs over outputs. */
  boolean transposed();

  /**
   * Copies lines next to each other.
   *
   * @param target room for {@code count} lines
   */
  void copy(int firstLine, int count, MemorySegment target);
}
