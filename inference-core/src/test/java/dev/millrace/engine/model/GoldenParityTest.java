package dev.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BackendProvider;
import dev.millrace.engine.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every backend against logits computed by the model authors' public code. */
final class GoldenParityTest {

  /** f32 of another order of additions against f32; the reference computes more exactly. */
  private static final double F32_ALLOWED = 1e-3;

  private static final double F64_ALLOWED = 2e-4;

  /**
   * Share of the largest logit, which is 53 here: operands rounded to bfloat16 (one part in 256)
   * through four layers; a wrong operation is ten times farther.
   */
  private static final double DEFAULT_ALLOWED = 0.03;

  @TempDir static Path unpacked;

  static Stream<Arguments> cases() {
    return BackendChoice.installed().stream()
        .flatMap(p -> GoldenCase.NAMES.stream().map(name -> Arguments.of(p.name(), name)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldGiveTheExpectedLogitsAndTokens(String backend, String name, TestReporter reporter) {
    GoldenCase golden = GoldenCase.open(name, unpacked);
    try (Checkpoint checkpoint = golden.checkpoint();
        DecoderModel model = load(checkpoint, backend, Arithmetic.F32)) {
      double allowed = model.backend().arithmetic().equals("f64") ? F64_ALLOWED : F32_ALLOWED;

      float[][] whole = new Driver(model).logits(golden.inputIds(), golden.inputIds().length);
      double difference = largestDifference(golden.logits(), whole);
      reporter.publishEntry(
          "largest logit difference of %s in %s, %s"
              .formatted(backend, model.backend().arithmetic(), name),
          Double.toString(difference));
      assertThat(difference).as("prefill").isLessThan(allowed);

      float[][] parts = new Driver(model).logits(golden.inputIds(), 7);
      assertThat(largestDifference(golden.logits(), parts)).as("in parts").isLessThan(allowed);

      int[] prompt = Arrays.copyOf(golden.inputIds(), GoldenCase.GREEDY_PROMPT);
      assertThat(new Driver(model).greedy(prompt, golden.greedyIds().length))
          .isEqualTo(golden.greedyIds());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void shouldKeepTheTokensOfLlama3InItsDefaultArithmetic(String backend, TestReporter reporter) {
    GoldenCase golden = GoldenCase.open("llama3", unpacked);
    try (Checkpoint checkpoint = golden.checkpoint();
        DecoderModel model = load(checkpoint, backend, Arithmetic.AUTO)) {
      float[][] logits = new Driver(model).logits(golden.inputIds(), golden.inputIds().length);
      double difference = largestDifference(golden.logits(), logits);
      reporter.publishEntry(
          "largest logit difference of %s in %s".formatted(backend, model.backend().arithmetic()),
          Double.toString(difference));
      assertThat(difference).isLessThan(DEFAULT_ALLOWED * largest(golden.logits()));

      int[] prompt = Arrays.copyOf(golden.inputIds(), GoldenCase.GREEDY_PROMPT);
      assertThat(new Driver(model).greedy(prompt, golden.greedyIds().length))
          .isEqualTo(golden.greedyIds());
    }
  }

  static Stream<String> backends() {
    return BackendChoice.installed().stream().map(BackendProvider::name);
  }

  private static DecoderModel load(Checkpoint checkpoint, String backend, Arithmetic arithmetic) {
    BackendProvider provider =
        BackendChoice.installed().stream()
            .filter(candidate -> candidate.name().equals(backend))
            .findFirst()
            .orElseThrow();
    Optional<String> unsupported = provider.unsupportedReason();
    Assumptions.assumeTrue(
        unsupported.isEmpty(), () -> backend + " NOT TESTED: " + unsupported.orElseThrow());
    return DecoderModel.load(
        checkpoint,
        provider.create(new BackendOptions(arithmetic, 2)),
        new ModelLimits(128, 1, 4 << 20, 8));
  }

  private static double largest(float[][] rows) {
    return Arrays.stream(rows)
        .flatMapToDouble(row -> IntStream.range(0, row.length).mapToDouble(i -> Math.abs(row[i])))
        .max()
        .orElseThrow();
  }

  private static double largestDifference(float[][] expected, float[][] got) {
    double largest = 0;
    for (int r = 0; r < expected.length; r++) {
      for (int c = 0; c < expected[r].length; c++) {
        double difference = Math.abs(expected[r][c] - got[r][c]);
        largest = Math.max(largest, Double.isNaN(difference) ? 1 / 0.0 : difference);
      }
    }
    return largest;
  }
}
