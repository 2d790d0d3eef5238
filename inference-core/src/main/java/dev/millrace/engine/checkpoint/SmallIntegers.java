package dev.millrace.engine.checkpoint;

import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.LongStream;

/** Reads the short integer tensors that describe other tensors. Pure functions. */
final class SmallIntegers {

  private static final int COUNT_MAX = 16;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private SmallIntegers() {}

  /** All elements, or none if there are many or they are no integers of 32 or 64 bits. */
  static List<Long> read(Tensor tensor) {
    long count = tensor.shape().elements();
    if (count > COUNT_MAX || (tensor.type() != DType.I64 && tensor.type() != DType.I32)) {
      return List.of();
    }
    return LongStream.range(0, count)
        .map(i ->
            tensor.type() == DType.I64
                ? tensor.data().get(LONG, i * Long.BYTES)
                : tensor.data().get(INT, i * Integer.BYTES))
        .boxed()
        .toList();
  }
}
