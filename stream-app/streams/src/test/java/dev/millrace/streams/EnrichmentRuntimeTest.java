package dev.millrace.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.streams.config.ConfigReader;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnrichmentRuntimeTest {
  private static final String MINIMAL =
      """
      kafka.bootstrap.servers: b:1
      schema.registry.url: http://r:2
      model.dir: models/demo
      """;

  private static EngineOptions options(String yaml) {
    return EnrichmentRuntime.engineOptions(
        ConfigReader.parse("test.yaml", Path.of("."), MINIMAL + yaml, Map.of()));
  }

  @Test
  void shouldAskForTheEngineThatIsConfigured() {
    EngineOptions usual = options("");
    assertThat(usual.backend()).isEqualTo("auto");
    assertThat(usual.backendOptions().arithmetic()).isEqualTo(Arithmetic.AUTO);

    EngineOptions named =
        options("model.backend: cuda\nmodel.arithmetic: f32\nmodel.step.tokens.max: 64\n");
    assertThat(named)
        .isEqualTo(
            new EngineOptions(
                "cuda",
                usual.withArithmetic(Arithmetic.F32).backendOptions(),
                64,
                usual.kvMemoryBytes(),
                usual.sequencesMax(),
                usual.queueRequestsMax(),
                usual.prefixCache()));
  }
}
