package dev.millrace.engine.backend.cpu;

/** A product of bfloat16 by {@link Bfloat16Kernel}. Immutable; thread-safe. */
final class Bfloat16Product implements Product {

  private final Bfloat16Kernel kernel;
  private final ProductShape shape;
  private final boolean compact;

  /** A product of a shape and format that the kernel takes. */
  Bfloat16Product(Bfloat16Kernel kernel, ProductShape shape, PackedFormat format) {
    this.kernel = kernel;
    this.shape = shape;
    this.compact = format.compact();
  }

  @Override
  public void run(int worker, int rows, long src, long weights, long dst, long upcoming) {
    kernel.run(shape, compact, rows, src, weights, dst, upcoming);
  }

  @Override
  public int rowsTouched(int rows) {
    return rows;
  }

  @Override
  public void close() {
    // The code stays for the process.
  }
}
