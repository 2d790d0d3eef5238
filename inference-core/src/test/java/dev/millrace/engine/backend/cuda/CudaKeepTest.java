package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.Driver;
import dev.millrace.engine.model.GoldenCase;
import dev.millrace.engine.model.ModelLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole models whose last layer leaves out the rows that nobody asks for: those that are asked for
 * have the bits of a step that asks for all.
 */
final class CudaKeepTest {

  private static final int SEQUENCES = 5;
  private static final int RUN_ROWS_MAX = 18;
  private static final int ROUNDS = 4;
  private static final int BLOCK_TOKENS = 16;
  private static final int BLOCKS = 5;
  private static final long KV_BYTES = 8 << 20;

  @TempDir static Path unpacked;

  private final long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
  private final SplittableRandom random = new SplittableRandom(seed);
  private final int[] positions = new int[SEQUENCES];

  @ParameterizedTest
  @CsvSource({"scout, AUTO", "maverick-fp8, AUTO", "scout-w4a16, AUTO", "guard, F32"})
  void shouldGiveTheLogitsOfStepsThatKeepAllRows(String name, Arithmetic arithmetic) {
    GoldenCase golden = GoldenCase.open(name, unpacked);
    CudaBackend backend = (CudaBackend) TestCuda.backend(arithmetic);
    ModelLimits limits =
        new ModelLimits(SEQUENCES * RUN_ROWS_MAX, SEQUENCES, KV_BYTES, BLOCK_TOKENS);
    try (Checkpoint checkpoint = golden.checkpoint();
        DecoderModel model = DecoderModel.load(checkpoint, backend, limits)) {
      for (int round = 0; round < ROUNDS; round++) {
        int[] lengths = random.ints(SEQUENCES, 1, RUN_ROWS_MAX + 1).toArray();
        lengths[0] = Math.max(2, lengths[0]);
        check(model, lengths, some(IntStream.of(lengths).sum()));
      }
      int[] ones = new int[SEQUENCES];
      Arrays.fill(ones, 1);
      for (int round = 0; round < ROUNDS; round++) {
        long before = backend.work().graphLaunches();
        check(model, ones, IntStream.range(SEQUENCES - 1 - round, SEQUENCES).toArray());
        // one for the step that keeps all, one for what comes before the other leaves rows out
        assertThat(backend.work().graphLaunches() - before).isEqualTo(round == 0 ? 0 : 2);
      }
    }
  }

  /** Any rows, at least one. */
  private int[] some(int rows) {
    double share = random.nextDouble();
    int always = random.nextInt(rows);
    return IntStream.range(0, rows)
        .filter(row -> row == always || random.nextDouble() < share)
        .toArray();
  }

  /** Advances every sequence twice, in blocks of its own each time. */
  private void check(DecoderModel model, int[] lengths, int[] wanted) {
    int[][] tokens = new int[SEQUENCES][];
    for (int i = 0; i < SEQUENCES; i++) {
      tokens[i] = random.ints(lengths[i], 0, model.vocabulary()).toArray();
    }
    int rows = IntStream.of(lengths).sum();
    float[][] all = logits(model, layout(tokens, 0), IntStream.range(0, rows).toArray());
    float[][] some = logits(model, layout(tokens, SEQUENCES), wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(some[i])
          .as("seed=%d, row %d of %s tokens", seed, wanted[i], Arrays.toString(lengths))
          .isEqualTo(all[wanted[i]]);
    }
    for (int i = 0; i < SEQUENCES; i++) {
      positions[i] += lengths[i];
    }
  }

  private StepLayout layout(int[][] tokens, int firstTable) {
    List<StepLayout.Run> runs = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      int first = (firstTable + i) * BLOCKS;
      int[] blocks = IntStream.range(first, first + BLOCKS).toArray();
      runs.add(new StepLayout.Run(tokens[i], positions[i], blocks));
    }
    return new StepLayout(runs);
  }

  private static float[][] logits(DecoderModel model, StepLayout layout, int[] rows) {
    Logits logits = model.forward(layout, rows);
    return IntStream.range(0, rows.length)
        .mapToObj(row -> Driver.row(logits, row))
        .toArray(float[][]::new);
  }
}
