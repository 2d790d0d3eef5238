package dev.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.device.Recorder;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.tokenizer.ChatTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Published models as GGUF, which are too large to come along: {@code -Dmillrace.gguf=FILE,...},
 * each with what transformers answers beside it, in {@code expected/gguf.json}: the ids of prompts
 * and greedy continuations of them, with the file's weights unrounded.
 */
final class PublishedGgufTest {

  private static final String PROPERTY = "millrace.gguf";

  static Stream<Arguments> models() {
    String files = System.getProperty(PROPERTY, "");
    return Stream.of(files.split(","))
        .flatMap(file -> Stream.of("reference", "cpu").map(backend -> Arguments.of(backend, file)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldAnswerAsTransformersDoes(String backend, String name, TestReporter reporter)
      throws IOException {
    Assumptions.assumeTrue(
        !name.isEmpty(), () -> "published GGUF files NOT TESTED: name them with -D" + PROPERTY);
    Path file = Path.of(name);
    JsonNode expected =
        new JsonMapper().readTree(file.resolveSibling("expected").resolve("gguf.json").toFile());
    long start = System.nanoTime();
    EngineOptions options =
        new EngineOptions(
            backend, new BackendOptions(Arithmetic.F32, 2), 256, 64L << 20, 4, 1000, true);
    try (InferenceEngine engine = EngineFactory.open(file, options)) {
      reporter.publishEntry(
          "seconds to load " + file.getFileName() + " into " + backend,
          Double.toString((System.nanoTime() - start) / 1e9));
      ModelInfo model = engine.model();
      for (JsonNode prompt : expected.path("prompts")) {
        int[] ids =
            model
                .chatTemplate()
                .encode(
                    List.of(new ChatTemplate.Message("user", prompt.path("user").asText())), true);
        assertThat(ids).isEqualTo(integers(prompt.path("prompt_ids")));
        Branch branch =
            new Branch.Generate(new int[] {ids[ids.length - 1]}, 64, SamplingParams.GREEDY);
        InferenceRequest request =
            new InferenceRequest(
                this, Arrays.copyOf(ids, ids.length - 1), List.of(branch), Long.MAX_VALUE);
        Recorder recorder = new Recorder(request);
        engine.submit(request, recorder);
        assertThat(recorder.await()).as("answered in time").isTrue();
        int[] tokens = ((BranchResult.Generated) recorder.result(0)).tokens();
        assertThat(model.tokenizer().decode(tokens)).isEqualTo(prompt.path("text").asText());
      }
    }
  }

  private static int[] integers(JsonNode list) {
    return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
  }
}
