package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.backend.QuantisedSource.Decoded;
import dev.millrace.engine.backend.QuantisedSource.Float8Channels;
import dev.millrace.engine.backend.QuantisedSource.Int4Groups;
import dev.millrace.engine.tensor.DType;
import java.util.List;

/**
 * How a weight lies on the device and is multiplied. Immutable.
 *
 * @param kind storage of the values
 * @param group inputs that share a scale; INT4 only
 * @param asymmetric whether there are zero points; INT4 only
 * @param terms matrices whose sum is the weight; 1 unless it is kept whole in BF16
 */
record WeightFormat(Kind kind, int group, boolean asymmetric, int terms) {

  private static final int TERMS_OF_F16 = 2;
  private static final int TERMS_OF_F32 = 3;

  /** One matrix. */
  WeightFormat(Kind kind, int group, boolean asymmetric) {
    this(kind, group, asymmetric, 1);
  }

  /** Storage of the values. */
  enum Kind {
    /** bf16, rows of bf16. */
    BF16("bf16", 64),
    /** e4m3 with a scale per output; rows are rounded to e4m3 with a scale per row. */
    FP8("fp8", 128),
    /** Four-bit integers with a scale per output and group of inputs, rows of bf16. */
    INT4("int4", 64);

    private final String suffix;
    private final int inputStep;

    Kind(String suffix, int inputStep) {
      this.suffix = suffix;
      this.inputStep = inputStep;
    }

    /** Part of the kernels' names. */
    String suffix() {
      return suffix;
    }
  }

  /** bf16. */
  static final WeightFormat BF16 = new WeightFormat(Kind.BF16, 0, false);

  private static final WeightFormat FP8 = new WeightFormat(Kind.FP8, 0, false);
  private static final int SMALL_GROUP = 32;
  private static final int GROUP_STEP = 64;

  /** The format in which stacked sources keep the bits of their files, else bf16. */
  static WeightFormat of(List<MatrixSource> sources) {
    WeightFormat first = of(sources.getFirst());
    return sources.stream().allMatch(source -> of(source).equals(first)) ? first : BF16;
  }

  /** The format in which every bit of the sources' values survives: sums of bf16. */
  static WeightFormat whole(List<MatrixSource> sources) {
    int terms = sources.stream().mapToInt(WeightFormat::termsOf).max().orElse(1);
    return new WeightFormat(Kind.BF16, 0, false, terms);
  }

  private static int termsOf(MatrixSource source) {
    DType type =
        switch (source) {
          case MatrixSource.Plain plain -> plain.values().type();
          case MatrixSource.Columns columns -> columns.values().type();
          case QuantisedSource _ -> DType.F32;
        };
    return type == DType.BF16 ? 1 : type == DType.F16 ? TERMS_OF_F16 : TERMS_OF_F32;
  }

  private static WeightFormat of(MatrixSource source) {
    return switch (source) {
      case MatrixSource.Unquantised _ -> BF16;
      case QuantisedSource quantised -> of(quantised);
    };
  }

  private static WeightFormat of(QuantisedSource source) {
    return switch (source) {
      case Decoded _ -> BF16;
      case Float8Channels _ -> FP8;
      case Int4Groups groups -> {
        int group = groups.inputs() / groups.groups();
        boolean readable =
            groups.groupOfInput().isEmpty() && (group == SMALL_GROUP || group % GROUP_STEP == 0);
        yield readable ? new WeightFormat(Kind.INT4, group, groups.zeroPoints().isPresent()) : BF16;
      }
    };
  }

  /** The next number of inputs that the kernels walk in whole steps. */
  int paddedInputs(int inputs) {
    return Math.ceilDiv(inputs, kind.inputStep) * kind.inputStep;
  }

  /** Groups of a packed matrix. */
  int groups(int packedInputs) {
    return kind == Kind.INT4 ? Math.ceilDiv(packedInputs, group) : 0;
  }

  /** Bytes of the values, before the scales, or of one term of them. */
  long valueBytes(int packedRows, int packedInputs) {
    long elements = (long) packedRows * packedInputs;
    return switch (kind) {
      case BF16 -> elements * Short.BYTES;
      case FP8 -> elements;
      case INT4 -> elements / 2;
    };
  }

  /** Bytes of a packed matrix. */
  long bytes(int packedRows, int packedInputs) {
    long scales =
        switch (kind) {
          case BF16 -> 0;
          case FP8 -> (long) packedRows * Float.BYTES;
          case INT4 ->
              (long) groups(packedInputs) * packedRows * (Short.BYTES + (asymmetric ? 1 : 0));
        };
    return terms * valueBytes(packedRows, packedInputs) + scales;
  }
}
