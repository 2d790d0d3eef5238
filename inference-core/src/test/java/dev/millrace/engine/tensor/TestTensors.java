package dev.millrace.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.random.RandomGenerator;

/** Tensors for tests, on the heap. Pure functions. */
public final class TestTensors {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TestTensors() {}

  /** A tensor of these values. */
  public static Tensor f32(Shape shape, float... values) {
    return of(DType.F32, shape, values);
  }

  /** A tensor of these values, rounded to {@code type}: F32, F16 or BF16. */
  public static Tensor of(DType type, Shape shape, float... values) {
    MemorySegment data = MemorySegment.ofArray(new byte[values.length * type.bytes()]);
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case F32 -> data.set(FLOAT, (long) i * Float.BYTES, values[i]);
        case F16 -> data.set(SHORT, (long) i * Short.BYTES, Float.floatToFloat16(values[i]));
        case BF16 -> data.set(SHORT, (long) i * Short.BYTES, bf16(values[i]));
        default -> throw new IllegalArgumentException("no test tensors of " + type);
      }
    }
    return new Tensor("test", type, shape, data);
  }

  /** Normally distributed values. */
  public static Tensor random(RandomGenerator random, DType type, double deviation, long... shape) {
    Shape extents = Shape.of(shape);
    float[] values = new float[Math.toIntExact(extents.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return of(type, extents, values);
  }

  /** Nearest bfloat16, ties to even. */
  public static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
