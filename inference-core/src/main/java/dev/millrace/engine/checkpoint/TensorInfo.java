package dev.millrace.engine.checkpoint;

import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;

/**
 * A tensor in a file, without its data.
 *
 * @param name its name
 * @param type element type
 * @param shape extents, outermost first
 */
public record TensorInfo(String name, DType type, Shape shape) {

  /**
   * Bytes of its data.
   *
   * @throws ArithmeticException if they do not fit a long
   */
  public long bytes() {
    return type.bytes(shape.elements());
  }
}
