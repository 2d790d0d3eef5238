package dev.millrace.engine.tensor;

import java.util.Arrays;
import java.util.List;

/**
 * Extents of a tensor, outermost first. Immutable.
 *
 * @param extents one non-negative extent per dimension; empty for a scalar
 */
public record Shape(List<Long> extents) {

  /** Copies the extents and refuses negative ones. */
  public Shape {
    extents = List.copyOf(extents);
    for (long extent : extents) {
      if (extent < 0) {
        throw new IllegalArgumentException("extents must not be negative, got " + extents);
      }
    }
  }

  /** The shape with these extents. */
  public static Shape of(long... extents) {
    return new Shape(Arrays.stream(extents).boxed().toList());
  }

  /** Number of dimensions. */
  public int rank() {
    return extents.size();
  }

  /** Extent of dimension {@code dimension}. */
  public long extent(int dimension) {
    return extents.get(dimension);
  }

  /**
   * Number of elements.
   *
   * @throws ArithmeticException if it does not fit a long
   */
  public long elements() {
    long product = 1;
    for (long extent : extents) {
      product = Math.multiplyExact(product, extent);
    }
    return product;
  }

  @Override
  public String toString() {
    return extents.toString();
  }
}
