package dev.millrace.engine.backend;

import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Float8;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Weights stored in fewer bits: [outputs, inputs], as the compressed-tensors layouts store them, or
 * in a format of which only a decoder knows.
 */
public sealed interface QuantisedSource extends MatrixSource {

  /** Byte order of what is stored. */
  ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Weights that are decoded row by row. Backends keep them as floats of their own.
   *
   * @param outputs output width
   * @param inputs input width
   * @param decoder copies the weights of one output; thread-safe
   */
  record Decoded(int outputs, int inputs, RowDecoder decoder) implements QuantisedSource {

    /** Refuses extents below one. */
    public Decoded {
      if (outputs < 1 || inputs < 1) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "a weight has extents, got %d x %d", outputs, inputs));
      }
    }

    @Override
    public void readOutput(int output, float[] row) {
      decoder.read(Objects.checkIndex(output, outputs), row);
    }
  }

  /** Decodes rows of a weight. */
  @FunctionalInterface
  interface RowDecoder {
    /**
     * The weights of one output.
     *
     * @param row receives as many as there are inputs
     */
    void read(int output, float[] row);
  }

  /**
   * Eight-bit floats: weight [o, i] is {@code values[o, i] * scales[o]}.
   *
   * @param values F8_E4M3 [outputs, inputs]
   * @param scales floating; one per output, [outputs] or [outputs, 1], or a single one for all
   */
  record Float8Channels(Tensor values, Tensor scales) implements QuantisedSource {

    /** Checks types and extents. */
    public Float8Channels {
      require(
          values.type() == DType.F8_E4M3 && values.shape().rank() == 2,
          values,
          "F8_E4M3 [outputs, inputs]");
      require(
          scales.floating() && fits(scales.shape(), values.shape().extent(0)),
          scales,
          "one floating scale per output of %s, or one for all".formatted(values.shape()));
    }

    /**
     * Whether scales of this shape belong to outputs. Scales of blocks do not, even if there are as
     * many of them.
     */
    public static boolean fits(Shape scales, long outputs) {
      return scales.elements() == 1
          || scales.equals(Shape.of(outputs))
          || scales.equals(Shape.of(outputs, 1));
    }

    @Override
    public int outputs() {
      return Math.toIntExact(values.shape().extent(0));
    }

    @Override
    public int inputs() {
      return Math.toIntExact(values.shape().extent(1));
    }

    /** Scale of one output. */
    public float scale(int output) {
      float[] scale = new float[1];
      scales.readFloats(scales.shape().elements() == 1 ? 0 : output, scale, 0, 1);
      return scale[0];
    }

    @Override
    public void readOutput(int output, float[] row) {
      float scale = scale(output);
      long at = (long) output * row.length;
      for (int i = 0; i < row.length; i++) {
        row[i] = Float8.toFloat(values.data().get(ValueLayout.JAVA_BYTE, at + i)) * scale;
      }
    }
  }

  /**
   * Four-bit integers with one scale per output and group of inputs: weight [o, i] is {@code (q[o,
   * i] - zero[o, g]) * scales[o, g]} with {@code g} the group of input {@code i}. Eight of them are
   * in a word, the first in the lowest bits, each stored with 8 added; so are the zero points,
   * which are packed along the outputs.
   *
   * @param packed I32 [outputs, inputs / 8, rounded up]
   * @param scales floating [outputs, groups]
   * @param zeroPoints I32 [outputs / 8 rounded up, groups]; absent: zero
   * @param groupOfInput I32 [inputs] for weights whose inputs were reordered by their activations;
   *     absent: consecutive inputs share a group. One that says just that becomes absent, and so
   *     does one with a -1, which tools write where nothing was reordered
   * @param inputs input width
   */
  record Int4Groups(
      Tensor packed,
      Tensor scales,
      Optional<Tensor> zeroPoints,
      Optional<Tensor> groupOfInput,
      int inputs)
      implements QuantisedSource {

    private static final int PER_WORD = 8;
    private static final int OFFSET = 8;
    private static final int UNSET = -1;

    /** Checks types and extents. */
    public Int4Groups {
      long words = Math.ceilDiv(inputs, PER_WORD);
      require(
          inputs > 0
              && packed.type() == DType.I32
              && packed.shape().rank() == 2
              && packed.shape().extent(1) == words,
          packed,
          String.format(Locale.ROOT, "I32 [outputs, %d] for %d inputs", words, inputs));
      long outputs = packed.shape().extent(0);
      require(
          scales.floating() && scales.shape().rank() == 2 && scales.shape().extent(0) == outputs,
          scales,
          String.format(Locale.ROOT, "floating [%d, groups]", outputs));
      long groups = scales.shape().extent(1);
      require(
          groups > 0 && (groupOfInput.isPresent() || inputs % groups == 0),
          scales,
          String.format(Locale.ROOT, "groups that divide %d inputs", inputs));
      zeroPoints.ifPresent(zeros ->
          require(
              zeros.type() == DType.I32
                  && zeros.shape().rank() == 2
                  && zeros.shape().extent(0) == Math.ceilDiv(outputs, PER_WORD)
                  && zeros.shape().extent(1) == groups,
              zeros,
              String.format(Locale.ROOT, "I32 [%d, %d]", Math.ceilDiv(outputs, PER_WORD), groups)));
      if (groupOfInput.isPresent() && !reordered(groupOfInput.get(), inputs, groups)) {
        require(
            inputs % groups == 0,
            scales,
            String.format(Locale.ROOT, "groups that divide %d inputs", inputs));
        groupOfInput = Optional.empty();
      }
    }

    /** Whether the groups are not those of consecutive inputs; refuses groups that do not exist. */
    private static boolean reordered(Tensor groupOfInput, int inputs, long groups) {
      require(
          groupOfInput.type() == DType.I32 && groupOfInput.shape().elements() == inputs,
          groupOfInput,
          String.format(Locale.ROOT, "I32 [%d]", inputs));
      boolean consecutive = inputs % groups == 0;
      boolean unset = false;
      for (int i = 0; i < inputs; i++) {
        int group = groupOfInput.data().get(INT, (long) i * Integer.BYTES);
        require(
            group >= UNSET && group < groups,
            groupOfInput,
            String.format(
                Locale.ROOT, "groups from 0 to %d, found %d for input %d", groups - 1, group, i));
        unset |= group == UNSET;
        consecutive = consecutive && group == i / (inputs / groups);
      }
      return !unset && !consecutive;
    }

    @Override
    public int outputs() {
      return Math.toIntExact(packed.shape().extent(0));
    }

    /** Scales of one output. */
    public int groups() {
      return Math.toIntExact(scales.shape().extent(1));
    }

    /** Group of one input. */
    public int group(int input) {
      return groupOfInput.isPresent()
          ? groupOfInput.get().data().get(INT, (long) input * Integer.BYTES)
          : input / (inputs / groups());
    }

    /** What is subtracted from the integers of one output and group. */
    public int zeroPoint(int output, int group) {
      return zeroPoints
          .map(zeros -> nibble(zeros, (long) (output / PER_WORD) * groups() + group, output))
          .orElse(0);
    }

    @Override
    public void readOutput(int output, float[] row) {
      int groups = groups();
      float[] scale = new float[groups];
      scales.readFloats((long) output * groups, scale, 0, groups);
      int[] zero = new int[groups];
      for (int g = 0; g < groups; g++) {
        zero[g] = zeroPoint(output, g);
      }
      long words = packed.shape().extent(1);
      for (int i = 0; i < inputs; i++) {
        int g = group(i);
        row[i] = (nibble(packed, output * words + i / PER_WORD, i) - zero[g]) * scale[g];
      }
    }

    private static int nibble(Tensor words, long word, int index) {
      int bits = words.data().get(INT, word * Integer.BYTES);
      return ((bits >>> (4 * (index % PER_WORD))) & 15) - OFFSET;
    }
  }

  private static void require(boolean condition, Tensor tensor, String expected) {
    if (!condition) {
      throw new IllegalArgumentException(
          "tensor %s is %s %s, expected %s"
              .formatted(tensor.name(), tensor.type(), tensor.shape(), expected));
    }
  }
}
