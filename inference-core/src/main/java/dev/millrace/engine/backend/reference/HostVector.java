package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.tensor.Tensor;

/** A norm weight. Immutable. */
final class HostVector implements Vector {

  private final float[] values;

  HostVector(Tensor tensor) {
    if (tensor.shape().rank() != 1) {
      throw new IllegalArgumentException(
          "a vector has 1 dimension, %s has %s".formatted(tensor.name(), tensor.shape()));
    }
    values = new float[Math.toIntExact(tensor.shape().elements())];
    tensor.readFloats(0, values, 0, values.length);
  }

  @Override
  public int size() {
    return values.length;
  }

  float[] values() {
    return values;
  }
}
