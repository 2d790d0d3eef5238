package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import dev.millrace.engine.tensor.TestTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Seeded inputs and weights, all exact in bfloat16. Not thread-safe. */
public final class Fixtures {

  private final SplittableRandom random;

  Fixtures(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Normally distributed values, rounded to bfloat16. */
  float[] values(int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = rounded(random.nextGaussian() * deviation);
    }
    return values;
  }

  static float rounded(double value) {
    return Float.intBitsToFloat(TestTensors.bf16((float) value) << 16);
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  Tensor vector(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (1 + 0.2 * random.nextGaussian());
    }
    return TestTensors.of(DType.BF16, Shape.of(size), values);
  }

  /** A weight in the file's usual order. */
  MatrixSource linear(int outputs, int inputs) {
    return linear(DType.BF16, outputs, inputs);
  }

  MatrixSource linear(DType type, int outputs, int inputs) {
    return new MatrixSource.Plain(
        TestTensors.random(random, type, 1 / Math.sqrt(inputs), outputs, inputs),
        MatrixSource.Order.OUT_IN);
  }

  /** A weight stored [inputs, outputs]. */
  MatrixSource transposed(int outputs, int inputs) {
    return new MatrixSource.Plain(
        TestTensors.random(random, DType.BF16, 1 / Math.sqrt(inputs), inputs, outputs),
        MatrixSource.Order.IN_OUT);
  }

  /** An expert as Llama 4 stores it: gate and up side by side, down transposed. */
  MoeSource.Expert fusedExpert(int hidden, int width) {
    Tensor both = TestTensors.random(random, DType.BF16, 1 / Math.sqrt(hidden), hidden, 2L * width);
    return new MoeSource.Expert(
        new MatrixSource.Columns(both, 0, width),
        new MatrixSource.Columns(both, width, width),
        transposed(hidden, width));
  }

  MoeSource.Expert plainExpert(int hidden, int width) {
    return new MoeSource.Expert(
        linear(width, hidden), linear(width, hidden), linear(hidden, width));
  }

  /** A router of which {@link #routed} knows the values. */
  float[] router(int experts, int hidden) {
    return values(experts * hidden, 1 / Math.sqrt(hidden));
  }

  /**
   * A row that the router sends to {@code chosen}, in this order of preference, with room between
   * the last of them and the rest, so that rounding cannot change the choice.
   */
  float[] routed(float[] router, int hidden, int... chosen) {
    int experts = router.length / hidden;
    while (true) {
      float[] row = new float[hidden];
      double[] pull = new double[chosen.length];
      for (int k = 0; k < chosen.length; k++) {
        pull[k] = 1.5 + 2 * random.nextDouble();
      }
      for (int i = 0; i < hidden; i++) {
        double value = 0.3 * random.nextGaussian();
        for (int k = 0; k < chosen.length; k++) {
          value += pull[k] * router[chosen[k] * hidden + i];
        }
        row[i] = rounded(value);
      }
      if (margin(router, row, experts, chosen) > 0.5) {
        return row;
      }
    }
  }

  private static double margin(float[] router, float[] row, int experts, int[] chosen) {
    List<Integer> wanted = new ArrayList<>();
    for (int expert : chosen) {
      wanted.add(expert);
    }
    double least = Double.POSITIVE_INFINITY;
    double rest = Double.NEGATIVE_INFINITY;
    for (int e = 0; e < experts; e++) {
      double logit = 0;
      for (int i = 0; i < row.length; i++) {
        logit += (double) router[e * row.length + i] * row[i];
      }
      if (wanted.contains(e)) {
        least = Math.min(least, logit);
      } else {
        rest = Math.max(rest, logit);
      }
    }
    return least - rest;
  }

  /** Attention with a learnt norm of q and k before the rotation. */
  static AttentionSpec learnt(Extents extents, Pairing pairing) {
    AttentionSpec rotating = attention(extents, pairing, true, 0);
    return new AttentionSpec(
        extents.queryHeads(),
        extents.kvHeads(),
        extents.headDimension(),
        rotating.rotary(),
        new HeadNorm.Learnt(1e-6f),
        Visible.FULL,
        Temperature.NONE);
  }

  /** Attention with or without rotary embedding, norm, chunks and temperature. */
  static AttentionSpec attention(Extents extents, Pairing pairing, boolean rotates, int chunk) {
    double[] frequencies = new double[rotates ? extents.headDimension() / 2 : 0];
    for (int j = 0; j < frequencies.length; j++) {
      frequencies[j] = Math.pow(500000, -2.0 * j / extents.headDimension());
    }
    return new AttentionSpec(
        extents.queryHeads(),
        extents.kvHeads(),
        extents.headDimension(),
        rotates ? new RotaryEmbedding(frequencies, pairing) : RotaryEmbedding.NONE,
        rotates && pairing == Pairing.INTERLEAVED ? new HeadNorm.Unit(1e-5f) : HeadNorm.NONE,
        chunk == 0 ? Visible.FULL : new Visible.Chunk(chunk),
        rotates ? Temperature.NONE : new Temperature(8, 0.1));
  }

  /**
   * Extents of one set of parity tests.
   *
   * @param hidden H
   * @param queryHeads Q
   * @param kvHeads K
   * @param headDimension D
   * @param width I
   * @param experts E
   * @param vocabulary V
   */
  public record Extents(
      int hidden,
      int queryHeads,
      int kvHeads,
      int headDimension,
      int width,
      int experts,
      int vocabulary) {

    int qkvWidth() {
      return (queryHeads + 2 * kvHeads) * headDimension;
    }
  }
}
