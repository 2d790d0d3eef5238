package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our own products against oneDNN's, against a plain loop, and against themselves. */
class Bfloat16ProductTest {

  private static final int ROWS = 140;
  private static final float UNTOUCHED = 12345;
  private static OneDnn dnn;
  private static Bfloat16Kernel kernel;

  @BeforeAll
  static void load() {
    Assumptions.assumeTrue(
        new CpuBackendProvider().multipliesBfloat16(),
        "NOT TESTED: this processor does not multiply bfloat16");
    dnn = new OneDnn(NativeLibraries.unpack());
    Optional<Bfloat16Kernel> loaded = Bfloat16Kernel.loaded();
    assertThat(loaded).as("our own code, where oneDNN loads").isPresent();
    kernel = loaded.orElseThrow();
  }

  /** A product with random operands, in memory. */
  private record Case(
      ProductShape shape,
      short[] src,
      short[] weights,
      float[] before,
      long compact,
      long plain,
      Arena arena) {

    static Case make(
        CompactWeights kind, ProductShape shape, SplittableRandom random, Arena arena) {
      int blocks = Math.ceilDiv(shape.outputs(), 64);
      int padded = PackedFormat.of(ElementType.BF16, 64).inputsPadded(shape.inputs());
      short[] weights = kind.make(padded * blocks * 64, random);
      for (int i = 0; i < weights.length; i++) {
        if (i / 128 % (padded / 2) >= shape.inputs() / 2) {
          weights[i] = 0;
        }
      }
      byte[] bytes = new byte[CompactEncoder.bytesAtMost(padded, blocks)];
      int written = CompactEncoder.encode(weights, padded, blocks, bytes);
      MemorySegment panel = arena.allocate(written, 64);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, panel, 0, written);
      MemorySegment plain = arena.allocate(2L * weights.length, 64);
      plain.copyFrom(MemorySegment.ofArray(weights));
      float[] before = new float[ROWS * shape.dstStride()];
      for (int i = 0; i < before.length; i++) {
        before[i] = (float) random.nextGaussian();
      }
      short[] src = CompactWeights.NORMAL.make(ROWS * shape.srcStride(), random);
      return new Case(shape, src, weights, before, panel.address(), plain.address(), arena);
    }

    /** Results of some rows in the places of all rows; what was not to be written is checked. */
    float[] run(Product product, int first, int rows, long weightsAddress) {
      int room = ROWS + Product.TILE_ROWS_MAX;
      MemorySegment from = arena.allocate(2L * room * shape.srcStride(), 64);
      MemorySegment.copy(
          src,
          first * shape.srcStride(),
          from,
          ValueLayout.JAVA_SHORT,
          0,
          rows * shape.srcStride());
      float[] into = new float[room * shape.dstStride()];
      Arrays.fill(into, UNTOUCHED);
      for (int row = 0; row < rows; row++) {
        int at = row * shape.dstStride();
        System.arraycopy(before, first * shape.dstStride() + at, into, at, shape.outputs());
      }
      MemorySegment to = arena.allocate(4L * into.length, 64);
      to.copyFrom(MemorySegment.ofArray(into));
      // What comes next is only asked for.
      long upcoming = rows % 2 == 0 ? plain : 0;
      product.run(0, rows, from.address(), weightsAddress, to.address(), upcoming);
      float[] result = to.toArray(ValueLayout.JAVA_FLOAT);
      for (int i = 0; i < product.rowsTouched(rows) * shape.dstStride(); i++) {
        boolean ours = i % shape.dstStride() < shape.outputs();
        assertThat(ours || result[i] == UNTOUCHED).as("element %d is kept", i).isTrue();
      }
      for (int i = product.rowsTouched(rows) * shape.dstStride(); i < result.length; i++) {
        assertThat(result[i]).isEqualTo(UNTOUCHED);
      }
      return Arrays.copyOf(result, rows * shape.dstStride());
    }
  }

  private static ProductShape shape(int inputs, int outputs, Epilogue epilogue) {
    return new ProductShape(inputs, outputs, ElementType.BF16, inputs + 32, outputs + 24, epilogue);
  }

  @ParameterizedTest
  @CsvSource({
    "NORMAL, 512, 256, STORE",
    "NORMAL, 256, 128, ADD",
    "NORMAL, 32, 64, STORE",
    "SPARSE, 64, 100, STORE",
    "WIDE, 160, 136, ADD",
    "ANY, 96, 72, STORE",
    "SAME, 512, 65, STORE"
  })
  void shouldGiveTheBitsOfOneDnn(CompactWeights kind, int inputs, int outputs, Epilogue epilogue) {
    Assumptions.assumeFalse(
        dnn.has(OneDnn.ISA_AVX512_AMX), "NOT TESTED: oneDNN multiplies with AMX, in another order");
    long seed = System.nanoTime();
    ProductShape shape = shape(inputs, outputs, epilogue);
    PackedFormat format = PackedFormat.of(ElementType.BF16, outputs);
    long[] streams = {dnn.stream()};
    try (Arena arena = Arena.ofConfined();
        OneDnnProduct theirs = new OneDnnProduct(dnn, shape, format, streams, 1)) {
      Case random = Case.make(kind, shape, new SplittableRandom(seed), arena);
      Bfloat16Product ours = new Bfloat16Product(kernel, shape, format);
      Bfloat16Product compact = new Bfloat16Product(kernel, shape, format.compacted());

      float[] expected = random.run(theirs, 0, ROWS, random.plain());

      assertSame(random.run(ours, 0, ROWS, random.plain()), expected, "plain, seed " + seed);
      assertSame(random.run(compact, 0, ROWS, random.compact()), expected, "compact, seed " + seed);
    }
    dnn.destroyStream(streams[0]);
  }

  @Test
  void shouldSayWhatItTakes() {
    PackedFormat wide = PackedFormat.of(ElementType.BF16, 64);
    assertThat(Bfloat16Kernel.takes(wide, 1024)).isTrue();
    assertThat(Bfloat16Kernel.takes(wide, 1040)).isFalse();
    assertThat(Bfloat16Kernel.takes(PackedFormat.of(ElementType.BF16, 48), 1024)).isFalse();
    assertThat(Bfloat16Kernel.takes(PackedFormat.of(ElementType.F32, 64), 1024)).isFalse();
  }

  /** Blocks of weights with padded inputs begin elsewhere: those are left to oneDNN. */
  @ParameterizedTest
  @CsvSource({"40, 200", "72, 64", "72, 320", "1040, 128"})
  void shouldTakeOnlyWeightsWhoseBlocksItFinds(int inputs, int outputs) {
    long seed = System.nanoTime();
    ProductShape shape = shape(inputs, outputs, Epilogue.STORE);
    PackedFormat format = PackedFormat.of(ElementType.BF16, outputs);
    long[] streams = {dnn.stream()};
    try (Arena arena = Arena.ofConfined();
        Products products = Products.ofOneDnn(dnn, 1, 1, Optional.of(kernel));
        OneDnnProduct theirs = new OneDnnProduct(dnn, shape, format, streams, 1)) {
      Case random = Case.make(CompactWeights.NORMAL, shape, new SplittableRandom(seed), arena);

      float[] found = random.run(products.get(shape, format), 0, ROWS, random.plain());

      assertThat(products.format(ElementType.BF16, inputs, outputs).compact()).isFalse();
      assertSame(found, random.run(theirs, 0, ROWS, random.plain()), "seed " + seed);
    }
    dnn.destroyStream(streams[0]);
  }

  @ParameterizedTest
  @CsvSource({
    "NORMAL, 1024, 256, STORE",
    "NORMAL, 2048, 128, ADD",
    "NORMAL, 1056, 200, ADD",
    "SPARSE, 96, 64, STORE",
    "WIDE, 1184, 72, ADD"
  })
  void shouldGiveARowTheSameBitsAtEveryNumberOfRows(
      CompactWeights kind, int inputs, int outputs, Epilogue epilogue) {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    ProductShape shape = shape(inputs, outputs, epilogue);
    PackedFormat format = PackedFormat.of(ElementType.BF16, outputs);
    Bfloat16Product plain = new Bfloat16Product(kernel, shape, format);
    Bfloat16Product compact = new Bfloat16Product(kernel, shape, format.compacted());
    try (Arena arena = Arena.ofConfined()) {
      Case all = Case.make(kind, shape, random, arena);

      float[] whole = all.run(compact, 0, ROWS, all.compact());

      assertSame(all.run(plain, 0, ROWS, all.plain()), whole, "plain, seed " + seed);
      for (int rows = 1; rows < ROWS; rows += rows < 40 ? 1 : 9) {
        int first = random.nextInt(ROWS - rows + 1);
        int from = first * shape.dstStride();
        float[] part = all.run(compact, first, rows, all.compact());
        for (int row = 0; row < rows; row++) {
          int at = row * shape.dstStride();
          assertSame(
              Arrays.copyOfRange(part, at, at + outputs),
              Arrays.copyOfRange(whole, from + at, from + at + outputs),
              String.format(Locale.ROOT, "%d rows, row %d, seed %d", rows, row, seed));
        }
      }
      assertNearTruth(all, whole, 7);
    }
  }

  private static void assertNearTruth(Case all, float[] found, int row) {
    ProductShape shape = all.shape();
    for (int o = 0; o < shape.outputs(); o++) {
      double sum = 0;
      double magnitude = 0;
      for (int i = 0; i < shape.inputs(); i++) {
        int at = (o / 64 * shape.inputs() / 2 + i / 2) * 128 + o % 64 * 2 + i % 2;
        double term =
            (double) value(all.src()[row * shape.srcStride() + i]) * value(all.weights()[at]);
        sum += term;
        magnitude += Math.abs(term);
      }
      int at = row * shape.dstStride() + o;
      double expected = shape.epilogue() == Epilogue.ADD ? sum + all.before()[at] : sum;
      assertThat((double) found[at])
          .as("output %d", o)
          .isCloseTo(expected, within(1e-6 + 1e-5 * magnitude));
    }
  }

  private static float value(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Equal bits, but numbers that are none may differ in what nobody reads. */
  private static void assertSame(float[] found, float[] expected, String what) {
    assertThat(bits(found)).as(what).isEqualTo(bits(expected));
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }
}
