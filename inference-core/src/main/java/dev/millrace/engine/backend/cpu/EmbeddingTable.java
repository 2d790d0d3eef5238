package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;

/** An embedding table, copied in the checkpoint's own element type. Immutable. */
final class EmbeddingTable implements Matrix {

  private final int outputs;
  private final int inputs;
  private final DType type;
  private final MemorySegment values;

  private EmbeddingTable(int outputs, int inputs, DType type, MemorySegment values) {
    this.outputs = outputs;
    this.inputs = inputs;
    this.type = type;
    this.values = values;
  }

  /**
   * Copies a table whose rows are contiguous.
   *
   * @param decodedTo element type of one that has to be decoded: F32 or BF16
   */
  static EmbeddingTable copy(MatrixSource table, DType decodedTo, NativeMemory memory) {
    if (table instanceof QuantisedSource.Decoded decoded) {
      return decode(decoded, decodedTo, memory);
    }
    if (!(table instanceof MatrixSource.Plain plain)
        || plain.order() != MatrixSource.Order.OUT_IN) {
      throw new IllegalArgumentException("an embedding table is stored as [vocabulary, hidden]");
    }
    MemorySegment source = plain.values().data();
    MemorySegment values = memory.allocate(source.byteSize());
    MemorySegment.copy(source, 0, values, 0, source.byteSize());
    return new EmbeddingTable(table.outputs(), table.inputs(), plain.values().type(), values);
  }

  private static EmbeddingTable decode(
      QuantisedSource.Decoded table, DType type, NativeMemory memory) {
    int width = table.inputs();
    MemorySegment values = memory.allocate(type.bytes((long) table.outputs() * width));
    float[] row = new float[width];
    for (int output = 0; output < table.outputs(); output++) {
      table.readOutput(output, row);
      long first = (long) output * width;
      for (int i = 0; i < width; i++) {
        if (type == DType.BF16) {
          values.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i), RowMath.toBfloat16(row[i]));
        } else {
          values.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i), row[i]);
        }
      }
    }
    return new EmbeddingTable(table.outputs(), width, type, values);
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int inputs() {
    return inputs;
  }

  @Override
  public long bytes() {
    return values.byteSize();
  }

  /** Writes one row as floats. */
  void read(int token, MemorySegment target, long offset) {
    if (token < 0 || token >= outputs) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "token %d of a vocabulary of %d", token, outputs));
    }
    long first = (long) token * inputs;
    if (type == DType.BF16) {
      RowMath.widen(values, 2 * first, target, offset, inputs);
      return;
    }
    for (int i = 0; i < inputs; i++) {
      target.set(
          ValueLayout.JAVA_FLOAT_UNALIGNED,
          offset + 4L * i,
          MatrixPacker.value(values, type, first + i));
    }
  }
}
