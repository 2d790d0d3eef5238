package dev.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BackendProvider;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.gguf.GgufCase;
import dev.millrace.engine.gguf.GgufException;
import dev.millrace.engine.gguf.GgufException.Kind;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** GGUF files against logits, tokens and ids that the model authors' public code computes. */
final class GgufParityTest {

  /** Share of the logits' standard deviation. */
  private static final double ALLOWED = 2e-4;

  @TempDir static Path unpacked;

  static Stream<Arguments> cases() {
    return Stream.of("reference", "cpu")
        .flatMap(backend -> GgufCase.LOADING.stream().map(name -> Arguments.of(backend, name)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldGiveTheExpectedLogitsAndTokens(String backend, String name) {
    GgufCase golden = GgufCase.open(name, unpacked);
    try (Checkpoint checkpoint = Checkpoint.open(golden.file());
        DecoderModel model = load(checkpoint, backend)) {
      double allowed = ALLOWED * deviation(golden.logits());
      float[][] logits = new Driver(model).logits(golden.inputIds(), golden.inputIds().length);
      for (int r = 0; r < logits.length; r++) {
        for (int c = 0; c < logits[r].length; c++) {
          assertThat((double) logits[r][c])
              .as("row %d, id %d", r, c)
              .isCloseTo(golden.logits()[r][c], Offset.offset(allowed));
        }
      }
      int[] prompt = Arrays.copyOf(golden.inputIds(), golden.promptLength());
      assertThat(new Driver(model).greedy(prompt, golden.greedyIds().length))
          .isEqualTo(golden.greedyIds());
    }
  }

  private static DecoderModel load(Checkpoint checkpoint, String backend) {
    BackendProvider provider =
        BackendChoice.installed().stream()
            .filter(candidate -> candidate.name().equals(backend))
            .findFirst()
            .orElseThrow();
    return DecoderModel.load(
        checkpoint,
        provider.create(new BackendOptions(Arithmetic.F32, 2)),
        new ModelLimits(128, 1, 4 << 20, 8));
  }

  private static double deviation(float[][] rows) {
    double[] values =
        Arrays.stream(rows)
            .flatMapToDouble(row -> IntStream.range(0, row.length).mapToDouble(i -> row[i]))
            .toArray();
    double mean = Arrays.stream(values).average().orElseThrow();
    double variance =
        Arrays.stream(values).map(value -> (value - mean) * (value - mean)).average().orElseThrow();
    return Math.sqrt(variance);
  }

  static Stream<String> vocabularies() {
    // that of mixtral is of another kind
    return Stream.concat(GgufCase.LOADING.stream(), GgufCase.REFUSED.stream())
        .filter(name -> !name.equals("mixtral"));
  }

  @ParameterizedTest
  @MethodSource("vocabularies")
  void shouldGiveTheExpectedIds(String name) {
    GgufCase golden = GgufCase.open(name, unpacked);
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(golden.file())) {
      assertThat(golden.texts()).isNotEmpty();
      for (JsonNode text : golden.texts()) {
        int[] ids =
            IntStream.range(0, text.get(1).size()).map(i -> text.get(1).get(i).asInt()).toArray();
        assertThat(tokenizer.encodeWithSpecialTokens(text.get(0).asText()))
            .as(text.get(0).asText())
            .isEqualTo(ids);
      }
    }
  }

  static Stream<String> refused() {
    return GgufCase.REFUSED.stream();
  }

  @ParameterizedTest
  @MethodSource("refused")
  void shouldRefuseOtherArchitecturesByName(String name) {
    GgufCase golden = GgufCase.open(name, unpacked);
    assertThatThrownBy(() -> Checkpoint.open(golden.file()))
        .isInstanceOfSatisfying(
            GgufException.class, e -> assertThat(e.kind()).isEqualTo(Kind.ARCHITECTURE))
        .hasMessageContaining(golden.metadata().get("arch"));
  }
}
