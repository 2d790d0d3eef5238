package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A norm weight as floats. Immutable.
 *
 * @param size number of elements
 * @param values floats
 */
record NormWeight(int size, MemorySegment values) implements Vector {

  /** Copies a tensor of any floating type. */
  static NormWeight copy(Tensor tensor, NativeMemory memory) {
    int size = Math.toIntExact(tensor.shape().elements());
    MemorySegment values = memory.allocate(4L * size);
    for (int i = 0; i < size; i++) {
      float value = MatrixPacker.value(tensor.data(), tensor.type(), i);
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    return new NormWeight(size, values);
  }
}
