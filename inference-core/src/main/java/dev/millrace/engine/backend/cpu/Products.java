package dev.millrace.engine.backend.cpu;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Makes each product once and closes them all. Owned by the backend; asked at load time and, on the
 * engine thread, when a step first needs a shape.
 */
final class Products implements AutoCloseable {

  private final BiFunction<ProductShape, PackedFormat, Product> maker;
  private final boolean compact;
  private final Runnable onClose;
  private final Map<Key, Product> made = new HashMap<>();

  private Products(
      BiFunction<ProductShape, PackedFormat, Product> maker, boolean compact, Runnable onClose) {
    this.maker = maker;
    this.compact = compact;
    this.onClose = onClose;
  }

  /**
   * Products by our own code where it takes them, the others by oneDNN, one stream per worker.
   *
   * @param leastTile rows of oneDNN's smallest tile
   * @param kernel our own code, if it is to be used
   */
  static Products ofOneDnn(
      OneDnn dnn, int workers, int leastTile, Optional<Bfloat16Kernel> kernel) {
    long[] streams = new long[workers];
    for (int i = 0; i < workers; i++) {
      streams[i] = dnn.stream();
    }
    return new Products(
        (shape, format) ->
            kernel.isPresent() && Bfloat16Kernel.takes(format, shape.inputs())
                ? new Bfloat16Product(kernel.get(), shape, format)
                : new OneDnnProduct(dnn, shape, format, streams, leastTile),
        kernel.isPresent(),
        () -> {
          for (long stream : streams) {
            dnn.destroyStream(stream);
          }
        });
  }

  /** Products in Java, for f32 only. */
  static Products ofVectors() {
    return new Products(VectorProduct::new, false, () -> {});
  }

  /** The format in which weights of this size are multiplied best. */
  PackedFormat format(ElementType type, int inputs, int outputs) {
    PackedFormat format = PackedFormat.of(type, outputs);
    return compact && Bfloat16Kernel.takes(format, inputs) ? format.compacted() : format;
  }

  /** The product of this shape and format. */
  Product get(ProductShape shape, PackedFormat format) {
    return made.computeIfAbsent(
        new Key(shape, format), key -> maker.apply(key.shape(), key.format()));
  }

  @Override
  public void close() {
    made.values().forEach(Product::close);
    made.clear();
    onClose.run();
  }

  private record Key(ProductShape shape, PackedFormat format) {}
}
