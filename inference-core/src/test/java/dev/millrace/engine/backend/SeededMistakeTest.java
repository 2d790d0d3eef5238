package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.reference.ReferenceProvider;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.Driver;
import dev.millrace.engine.model.GoldenCase;
import dev.millrace.engine.model.ModelLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A mistake in a rule of a family turns the golden case red, and the parity kit as well. */
@Execution(ExecutionMode.CONCURRENT)
final class SeededMistakeTest {

  /** What a golden case allows the reference; see GoldenParityTest. */
  private static final double ALLOWED = 2e-4;

  @TempDir static Path unpacked;

  @ParameterizedTest
  @CsvSource({
    "qwen3-moe, NO_RENORMALISATION",
    "qwen3-moe-step, NEEDLESS_RENORMALISATION",
    "qwen3-moe, OTHER_ROUTER",
    "qwen3, NORM_AFTER_ROTATION",
    "qwen3, NORMS_EXCHANGED",
    "qwen3, NEIGHBOURS_FOR_HALVES",
    "qwen3, HALVES_EXCHANGED",
    "mistral, WINDOW_WITHOUT_THE_ROW",
    "mistral, CHUNK_FOR_WINDOW"
  })
  void shouldShowInTheGoldenCase(String name, Mistakes mistake) {
    GoldenCase golden = GoldenCase.open(name, unpacked);

    assertThat(difference(golden, reference())).as("as it is").isLessThan(ALLOWED);
    assertThat(difference(golden, mistake.in(reference())))
        .as("with the mistake")
        .isGreaterThan(1000 * ALLOWED);
  }

  @ParameterizedTest
  @CsvSource({
    "NO_RENORMALISATION, softmax; normalised",
    "NEEDLESS_RENORMALISATION, softmax; as it is",
    "OTHER_ROUTER, softmax",
    "NORM_AFTER_ROTATION, with learnt norms",
    "NORMS_EXCHANGED, with learnt norms",
    "NEIGHBOURS_FOR_HALVES, HALVES",
    "HALVES_EXCHANGED, attention",
    "WINDOW_WITHOUT_THE_ROW, window",
    "CHUNK_FOR_WINDOW, window"
  })
  void shouldShowInTheParityKit(Mistakes mistake, String where) {
    BackendParityKit kit =
        new BackendParityKit() {
          @Override
          protected ComputeBackend backend() {
            return mistake.in(reference());
          }
        };
    List<String> failures = new ArrayList<>();
    Stream.of(
            kit.shouldAttendAsTheReferenceDoes(),
            kit.shouldWeighTheOutputsOfExpertsBySoftmax(),
            kit.shouldRouteToEightOfManyExperts())
        .flatMap(tests -> tests)
        .forEach(test -> failures.addAll(failure(test)));

    assertThat(failures).isNotEmpty().anyMatch(line -> line.contains(where.replace(';', ',')));
  }

  private static List<String> failure(DynamicTest test) {
    try {
      test.getExecutable().execute();
      return List.of();
    } catch (Throwable e) {
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  private static ComputeBackend reference() {
    return new ReferenceProvider().create(BackendOptions.DEFAULTS);
  }

  private static double difference(GoldenCase golden, ComputeBackend backend) {
    try (Checkpoint checkpoint = golden.checkpoint();
        DecoderModel model =
            DecoderModel.load(checkpoint, backend, new ModelLimits(128, 1, 4 << 20, 8))) {
      float[][] logits = new Driver(model).logits(golden.inputIds(), golden.inputIds().length);
      double largest = 0;
      for (int row = 0; row < logits.length; row++) {
        for (int i = 0; i < logits[row].length; i++) {
          largest = Math.max(largest, Math.abs(golden.logits()[row][i] - logits[row][i]));
        }
      }
      return largest;
    }
  }
}
