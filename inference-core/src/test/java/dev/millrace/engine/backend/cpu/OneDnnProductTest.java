package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products against a plain loop, and against themselves at every number of rows. */
class OneDnnProductTest {

  private static final int ROWS = 150;
  private static OneDnn dnn;

  @BeforeAll
  static void load() {
    Assumptions.assumeTrue(
        new CpuBackendProvider().oneDnnLoads(), "NOT TESTED: oneDNN does not load here");
    dnn = new OneDnn(NativeLibraries.unpack());
  }

  @ParameterizedTest
  @CsvSource({
    "64, 64, STORE",
    "128, 16, STORE",
    "72, 40, ADD",
    "1024, 128, STORE",
    "40, 100, ADD",
    "2048, 64, ADD"
  })
  void shouldGiveARowTheSameBitsAtEveryNumberOfRows(int inputs, int outputs, Epilogue epilogue) {
    SplittableRandom random = new SplittableRandom(inputs);
    PackedFormat format = PackedFormat.of(ElementType.F32, outputs);
    ProductShape shape =
        new ProductShape(inputs, outputs, ElementType.F32, inputs, outputs, epilogue);
    long[] streams = {dnn.stream()};
    try (Arena arena = Arena.ofConfined();
        OneDnnProduct product = new OneDnnProduct(dnn, shape, format, streams, 1)) {
      int room = ROWS + Product.TILE_ROWS_MAX;
      MemorySegment src = floats(arena, (long) room * inputs, random);
      MemorySegment raw = floats(arena, (long) inputs * outputs, random);
      MemorySegment weights = arena.allocate(format.bytes(inputs, outputs), 64);
      for (int i = 0; i < inputs; i++) {
        for (int o = 0; o < outputs; o++) {
          weights.set(
              ValueLayout.JAVA_FLOAT, format.offset(inputs, i, o), at(raw, i * outputs + o));
        }
      }
      float[] whole = run(product, shape, ROWS, 0, src, weights, arena);
      assertThat(product.rowsTouched(ROWS)).isBetween(ROWS, room);
      for (int rows = 1; rows <= 70; rows++) {
        int first = random.nextInt(ROWS - rows);
        float[] part = run(product, shape, rows, first, src, weights, arena);
        for (int i = 0; i < rows * outputs; i++) {
          assertThat(part[i])
              .as("%d rows, element %d", rows, i)
              .isEqualTo(whole[first * outputs + i]);
        }
      }
      for (int o = 0; o < outputs; o++) {
        double sum = 0;
        for (int i = 0; i < inputs; i++) {
          sum += (double) at(src, 3 * inputs + i) * at(raw, i * outputs + o);
        }
        double expected =
            switch (epilogue) {
              case STORE -> sum;
              case ADD -> sum + 1;
            };
        assertThat((double) whole[3 * outputs + o]).isCloseTo(expected, within(1e-3));
      }
    }
    dnn.destroyStream(streams[0]);
  }

  private static float[] run(
      Product product,
      ProductShape shape,
      int rows,
      int first,
      MemorySegment src,
      MemorySegment weights,
      Arena arena) {
    long room = (long) (rows + Product.TILE_ROWS_MAX) * shape.outputs();
    MemorySegment dst = arena.allocate(4 * room, 64);
    for (long i = 0; i < room; i++) {
      dst.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f);
    }
    long from = src.address() + 4L * first * shape.inputs();
    product.run(0, rows, from, weights.address(), dst.address());
    float[] result = new float[rows * shape.outputs()];
    MemorySegment.copy(dst, ValueLayout.JAVA_FLOAT, 0, result, 0, result.length);
    return result;
  }

  private static MemorySegment floats(Arena arena, long count, SplittableRandom random) {
    MemorySegment values = arena.allocate(4 * count, 64);
    for (long i = 0; i < count; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
    }
    return values;
  }

  private static float at(MemorySegment values, long index) {
    return values.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }
}
