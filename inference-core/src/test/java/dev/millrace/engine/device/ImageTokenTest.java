package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.inspect.ModelProbe;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model with a vision tower is not asked about ids of images as if they were text. */
final class ImageTokenTest {
  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");
  private static final int IMAGE = 266;
  private static final EngineOptions OPTIONS =
      new EngineOptions("reference", BackendOptions.DEFAULTS, 64, 8 << 20, 2, 10, true);
  @TempDir static Path model;

  /** The demo model under the name of the architecture that takes images. */
  @BeforeAll
  static void write() throws IOException {
    try (Stream<Path> files = Files.list(DEMO)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    ObjectMapper json = new ObjectMapper();
    ObjectNode text = (ObjectNode) json.readTree(DEMO.resolve("config.json").toFile());
    ObjectNode top = json.createObjectNode().put("model_type", "llama4");
    top.putArray("architectures").add("Llama4ForConditionalGeneration");
    top.put("image_token_index", IMAGE);
    text.remove("architectures");
    top.set("text_config", text);
    Files.delete(model.resolve("config.json"));
    json.writeValue(model.resolve("config.json").toFile(), top);
  }

  @Test
  void shouldRefuseItWhereverARequestHasIt() {
    int[] plain = {20, 21};
    int[] image = {20, IMAGE};
    try (InferenceEngine engine = EngineFactory.open(model, OPTIONS)) {
      for (InferenceRequest request :
          List.of(
              request(image, new Branch.Generate(plain, 2, SamplingParams.GREEDY)),
              request(plain, new Branch.Generate(image, 2, SamplingParams.GREEDY)),
              request(plain, new Branch.Score(image, List.of(plain))),
              request(plain, new Branch.Score(plain, List.of(plain, image))))) {
        Failed failed = (Failed) answer(engine, request).result(0);
        assertThat(failed.reason()).isEqualTo(Reason.INVALID_REQUEST);
        assertThat(failed.message()).contains("266, which stands for a part of an image");
      }
      InferenceRequest text = request(plain, new Branch.Generate(plain, 2, SamplingParams.GREEDY));
      assertThat(answer(engine, text).result(0)).isNotInstanceOf(Failed.class);
    }
  }

  @Test
  void shouldRefuseItInAComparison() {
    try (ModelProbe probe = ModelProbe.open(model, OPTIONS)) {
      assertThat(probe.greedy(new int[] {20, 21}, 1)).hasSize(1);
      assertThatThrownBy(() -> probe.logits(new int[] {20, IMAGE}, row -> {}))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("id 266 stands for a part of an image");
    }
  }

  private static InferenceRequest request(int[] prefix, Branch branch) {
    return new InferenceRequest("test", prefix, List.of(branch), Long.MAX_VALUE);
  }

  private static Recorder answer(InferenceEngine engine, InferenceRequest request) {
    Recorder recorder = new Recorder(request);
    engine.submit(request, recorder);
    assertThat(recorder.await()).isTrue();
    return recorder;
  }
}
