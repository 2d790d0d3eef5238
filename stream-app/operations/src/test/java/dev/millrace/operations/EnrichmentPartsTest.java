package dev.millrace.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.config.ModelKeys;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnrichmentPartsTest {
  private static final ConfigSpec SPEC = ConfigSpec.of(ModelKeys.SECTION);
  private static final String MINIMAL = "model.dir: models/demo\n";

  private static EngineOptions options(String yaml) {
    return EnrichmentParts.engineOptions(
        ConfigReader.parse(SPEC, "test.yaml", Path.of("."), MINIMAL + yaml, Map.of()));
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
