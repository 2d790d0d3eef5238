package dev.millrace.engine.checkpoint;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the weights that a quantising tool has replaced, module by module: by the tensors that are
 * there, since the lists of untouched modules in configurations vary from upload to upload.
 *
 * <p>Read are compressed-tensors' float-quantized layout (e4m3 with a scale per output or per
 * tensor) and its pack-quantized layout with four bits. Other layouts are refused by name.
 */
final class QuantisedTensors {

  private final WeightFiles files;

  QuantisedTensors(WeightFiles files) {
    this.files = files;
  }

  /** Whether there is a weight of this name that is packed into another one. */
  boolean isThere(String name) {
    return files.decoded(name).isPresent()
        || files.find(name + "_packed").isPresent()
        || ForeignLayout.of(files, name).isPresent();
  }

  /**
   * Refuses a weight in a layout that is not read here.
   *
   * @param name as the unquantised weight would be named
   * @throws CheckpointException naming the layout
   */
  void refuseForeign(String name) {
    if (files.find(name + "_packed").isEmpty()) {
      ForeignLayout.of(files, name)
          .ifPresent(layout -> {
            throw unsupported(name, "is in the layout of " + layout);
          });
    }
  }

  /**
   * The quantised weight of a linear layer, or null if it is not quantised.
   *
   * @param name as the unquantised weight would be named
   */
  @Nullable MatrixSource find(String name, int outputs, int inputs) {
    Optional<QuantisedSource.Decoded> decoded = files.decoded(name);
    if (decoded.isPresent()) {
      return decoded(name, decoded.get(), outputs, inputs);
    }
    Optional<Tensor> packed = files.find(name + "_packed");
    if (packed.isPresent()) {
      return packed(name, packed.get(), outputs, inputs);
    }
    Optional<Tensor> plain = files.find(name);
    if (plain.isPresent() && plain.get().type() == DType.F8_E4M3) {
      return float8(name, plain.get(), outputs, inputs);
    }
    return null;
  }

  private MatrixSource decoded(
      String name, QuantisedSource.Decoded source, int outputs, int inputs) {
    if (source.outputs() != outputs || source.inputs() != inputs) {
      throw refuse(
          files.spelled(name),
          String.format(
              Locale.ROOT,
              "has shape [%d, %d], the configuration asks for [%d, %d]",
              source.outputs(),
              source.inputs(),
              outputs,
              inputs));
    }
    return source;
  }

  private MatrixSource float8(String name, Tensor values, int outputs, int inputs) {
    if (!values.shape().equals(Shape.of(outputs, inputs))) {
      throw refuse(
          name,
          "has shape %s, the configuration asks for %s"
              .formatted(values.shape(), Shape.of(outputs, inputs)));
    }
    Optional<Tensor> blocks = files.find(name + "_scale_inv");
    Tensor scales = blocks.orElseGet(() -> beside(name, "_scale"));
    if (blocks.isPresent() || !QuantisedSource.Float8Channels.fits(scales.shape(), outputs)) {
      throw unsupported(name, "holds FP8 in blocks, with scales %s".formatted(scales.shape()));
    }
    return checked(name, () -> new QuantisedSource.Float8Channels(values, scales));
  }

  private MatrixSource packed(String name, Tensor packed, int outputs, int inputs) {
    if (packed.type() != DType.I32) {
      throw unsupported(name, "holds " + packedLayout(name, packed.type()));
    }
    if (packed.shape().rank() == 2
        && packed.shape().extent(1) == Math.ceilDiv(inputs, Integer.BYTES)) {
      throw unsupported(name, "holds packed eight-bit integers");
    }
    checkShape(name, outputs, inputs);
    if (packed.shape().extent(0) != outputs) {
      throw refuse(
          name + "_packed",
          String.format(
              Locale.ROOT,
              "has shape %s, the configuration asks for %d outputs",
              packed.shape(),
              outputs));
    }
    Tensor scales = beside(name, "_scale");
    return checked(
        name,
        () ->
            new QuantisedSource.Int4Groups(
                packed,
                scales,
                files.find(name + "_zero_point"),
                files.find(name + "_g_idx"),
                inputs));
  }

  private String packedLayout(String name, DType type) {
    if (type != DType.U8) {
      return "values packed in " + type;
    }
    return files.find(name + "_global_scale").isPresent() ? "NVFP4" : "MXFP4";
  }

  /** The shape that the tool wrote down, where it did, must be the configuration's. */
  private void checkShape(String name, int outputs, int inputs) {
    Tensor shape = files.find(name + "_shape").orElse(null);
    if (shape == null) {
      return;
    }
    List<Long> found = SmallIntegers.read(shape);
    if (!found.equals(List.of((long) outputs, (long) inputs))) {
      throw refuse(
          name + "_shape",
          "says %s, the configuration asks for %s".formatted(found, Shape.of(outputs, inputs)));
    }
  }

  private Tensor beside(String name, String suffix) {
    return files
        .find(name + suffix)
        .orElseThrow(() -> refuse(name + suffix, "is missing beside the quantised weight"));
  }

  /** Turns what a source says of its tensors into a message that names the directory. */
  private MatrixSource checked(String name, Supplier<MatrixSource> source) {
    try {
      return source.get();
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(
          files.path(), "weight %s cannot be read: %s".formatted(name, e.getMessage()));
    }
  }

  /** What is wrong with a weight, in words that follow its name. */
  private CheckpointException unsupported(String name, String layout) {
    return refuse(
        name,
        "%s (quantisation: %s), which is not supported; use an upload in BF16, FP8 with scales per channel, or W4A16 of compressed-tensors"
            .formatted(layout, files.config().quantisation()));
  }

  private CheckpointException refuse(String name, String problem) {
    return new CheckpointException(files.path(), "tensor %s %s".formatted(name, problem));
  }
}
