package dev.millrace.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.TenantOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.ModelsKeys;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelEnginesTest {
  private static final ConfigSpec SPEC =
      new ConfigSpec(
          List.of(ModelKeys.SECTION),
          List.of(ModelsKeys.MODELS),
          List.of(),
          List.of(ModelsKeys::check));
  private static final String MINIMAL = "model.dir: models/demo\n";

  private static EngineOptions options(String yaml) {
    return ModelEngines.mainOptions(
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

  @Test
  void shouldShareTheDeviceAmongSeveralModels() {
    Config config =
        ConfigReader.parse(
            SPEC,
            "test.yaml",
            Path.of("/etc"),
            MINIMAL
                + """
                model.backend: reference
                model.memory.share: 3
                models:
                  guard: {dir: guard, kv.memory: 1MiB, arithmetic: f32, turn.share: 2}
                  b: {dir: /b}
                """,
            Map.of());

    assertThat(ModelEngines.names(config)).containsExactly("main", "b", "guard");
    List<TenantOptions> tenants = ModelEngines.tenants(config);

    assertThat(tenants).extracting(TenantOptions::name).containsExactly("main", "b", "guard");
    assertThat(tenants.getFirst().memoryShare()).isEqualTo(3);
    assertThat(tenants.getFirst().directory()).isEqualTo(Path.of("/etc/models/demo"));
    assertThat(tenants.get(1).engine()).isEqualTo(EngineOptions.DEFAULTS);
    assertThat(tenants.get(2).directory()).isEqualTo(Path.of("/etc/guard"));
    assertThat(tenants.get(2).engine().kvMemoryBytes()).isEqualTo(1 << 20);
    assertThat(tenants.get(2).engine().backendOptions().arithmetic()).isEqualTo(Arithmetic.F32);
    assertThat(tenants.get(2).turnShare()).isEqualTo(2);
  }

  @Test
  void shouldRefuseAModelThatTakesTheNameOfTheFirst() {
    assertThatThrownBy(() -> options("models.main.dir: x\n"))
        .hasMessageContaining("models.main is the model of model.dir");
    assertThatThrownBy(() -> options("models.guard.turn.share: 2\n"))
        .hasMessageContaining("models.guard.dir is missing");
    assertThatThrownBy(() -> options("models.Guard.dir: x\n"))
        .hasMessageContaining("unknown key \"models.Guard.dir\"");
  }
}
