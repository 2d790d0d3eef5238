package dev.millrace.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.backend.AttentionSpec;
import dev.millrace.engine.backend.AttentionSpec.Pairing;
import dev.millrace.engine.backend.AttentionSpec.Temperature;
import dev.millrace.engine.checkpoint.ModelConfig.Family;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

final class ModelConfigTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  @Test
  void shouldReadANestedTextConfiguration() {
    ModelConfig config = read("scout");

    assertThat(config.family()).isEqualTo(Family.LLAMA4);
    assertThat(config.architecture()).isEqualTo("Llama4ForConditionalGeneration");
    assertThat(config.hiddenSize()).isEqualTo(128);
    assertThat(config.vocabulary()).isEqualTo(512);
    assertThat(config.experts()).isEqualTo(4);
    assertThat(config.expertWidth()).isEqualTo(128);
    assertThat(config.denseWidth()).isEqualTo(256);
    assertThat(config.contextTokens()).isEqualTo(4_096);
    assertThat(config.beginToken()).hasValue(1);
    assertThat(config.stopTokens()).containsExactly(2);
    assertThat(config.quantisation()).isEqualTo("none");
    assertThat(config.layers()).hasSize(8).allMatch(LayerConfig::moe);
    for (int i = 0; i < 8; i++) {
      AttentionSpec attention = config.layers().get(i).attention();
      boolean rotates = i % 4 != 3;
      assertThat(attention.rotates()).isEqualTo(rotates);
      assertThat(attention.pairing()).isEqualTo(Pairing.INTERLEAVED);
      assertThat(attention.chunkTokens()).isEqualTo(rotates ? 16 : 0);
      assertThat(attention.headNormEpsilon()).isEqualTo(rotates ? 1e-5f : 0);
      assertThat(attention.temperature())
          .isEqualTo(rotates ? Temperature.NONE : new Temperature(16, 0.1));
    }
    assertThat(config.layers().get(0).attention().rotary())
        .isEqualTo(RotaryFrequencies.llama3(RotaryFrequencies.plain(500_000, 64), 16, 1, 1, 64));
  }

  @Test
  void shouldReadTheStyleOfTheFirstUploads() {
    ModelConfig config = read("maverick");

    assertThat(config.architecture()).isEqualTo("Llama4ForCausalLM");
    assertThat(config.layers())
        .extracting(LayerConfig::moe)
        .containsExactly(false, true, false, true, false, true, false, true);
    assertThat(config.moeLayers()).isEqualTo(4);
    assertThat(config.layers())
        .extracting(layer -> layer.attention().rotates())
        .containsExactly(true, true, true, false, true, true, true, false);
    assertThat(config.layers()).allMatch(layer -> layer.attention().headNormEpsilon() == 0);
    assertThat(config.layers().get(3).attention().temperature())
        .isEqualTo(new Temperature(16, 0.1));
    assertThat(config.layers().get(0).attention().rotary())
        .isEqualTo(RotaryFrequencies.plain(500_000, 64));
  }

  @Test
  void shouldHonourRotaryEmbeddingOnEveryLayer() {
    ModelConfig config = read("guard");

    assertThat(config.experts()).isZero();
    assertThat(config.denseWidth()).isEqualTo(128);
    assertThat(config.layers())
        .hasSize(6)
        .allMatch(layer -> layer.attention().rotates() && !layer.moe());
  }

  @Test
  void shouldReadLlama3() {
    ModelConfig config = read("llama3");

    assertThat(config.family()).isEqualTo(Family.LLAMA3);
    assertThat(config.tiedEmbeddings()).isTrue();
    assertThat(config.kvElementsPerToken()).isEqualTo(2L * 4 * 2 * 64);
    AttentionSpec attention = config.layers().get(3).attention();
    assertThat(attention.pairing()).isEqualTo(Pairing.HALVES);
    assertThat(attention.chunkTokens()).isZero();
    assertThat(attention.headNormEpsilon()).isZero();
    assertThat(attention.rotary())
        .isEqualTo(RotaryFrequencies.llama3(RotaryFrequencies.plain(500_000, 64), 8, 1, 4, 64));
  }

  @Test
  void shouldNameTheQuantisation() {
    assertThat(read("scout-w4a16").quantisation()).isEqualTo("compressed-tensors pack-quantized");
    assertThat(read("maverick-fp8").quantisation()).isEqualTo("compressed-tensors float-quantized");
  }

  @Test
  void shouldTurnChunkingOffForNullButDefaultItWhenAbsent() {
    assertThat(chunk(edited("maverick", text -> text.putNull("attention_chunk_size")))).isZero();
    assertThat(chunk(edited("maverick", text -> text.remove("attention_chunk_size"))))
        .isEqualTo(8_192);
  }

  private static int chunk(ModelConfig config) {
    return config.layers().get(0).attention().chunkTokens();
  }

  @Test
  void shouldHonourLayerTypes() {
    ModelConfig config =
        edited(
            "maverick",
            text -> {
              text.putArray("layer_types");
              for (int i = 0; i < 8; i++) {
                text.withArray("layer_types").add("full_attention");
              }
            });

    assertThat(config.layers()).allMatch(layer -> layer.attention().chunkTokens() == 0);
    assertThat(config.layers().get(0).attention().rotates()).isTrue();
  }

  @Test
  void shouldTreatStepZeroAndAnEmptyListAsDense() {
    assertThat(edited("maverick", text -> text.put("interleave_moe_layer_step", 0)).moeLayers())
        .isZero();
    assertThat(edited("maverick", text -> text.putArray("moe_layers")).moeLayers()).isZero();
    assertThat(edited("maverick", text -> text.put("num_local_experts", 0)).moeLayers()).isZero();
  }

  @Test
  void shouldReadOldAndNewRopeKeys() {
    ModelConfig old =
        edited(
            "llama3",
            text -> {
              ObjectNode scaling = (ObjectNode) text.remove("rope_parameters");
              scaling.set("type", scaling.remove("rope_type"));
              text.set("rope_theta", scaling.remove("rope_theta"));
              text.set("rope_scaling", scaling);
            });

    assertThat(old.layers()).isEqualTo(read("llama3").layers());
  }

  @Test
  void shouldTurnTemperatureOffForFalseAndZero() {
    for (Consumer<ObjectNode> off :
        List.<Consumer<ObjectNode>>of(
            text -> text.put("attn_temperature_tuning", 0),
            text -> text.put("attn_temperature_tuning", false))) {
      assertThat(edited("maverick", off).layers().get(3).attention().temperature())
          .isEqualTo(Temperature.NONE);
    }
  }

  @Test
  void shouldUniteStopTokensOfBothFiles() throws IOException {
    Files.writeString(
        directory.resolve("generation_config.json"),
        "{\"eos_token_id\": [7, 3], \"bos_token_id\": 4}");

    ModelConfig config = edited("llama3", text -> {});

    assertThat(config.stopTokens()).containsExactly(2, 3, 7);
    assertThat(config.beginToken()).hasValue(4);
  }

  @Test
  void shouldDeriveTheHeadDimension() {
    assertThat(edited("llama3", text -> text.remove("head_dim")).headDimension()).isEqualTo(32);
  }

  @ParameterizedTest
  @CsvFileSource(resources = "broken-configs.csv", delimiter = '|', quoteCharacter = '~')
  void shouldNameKeyFoundAndExpected(String key, String value, String message) {
    assertThatThrownBy(() -> edited("maverick", text -> text.set(key, json(value))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(message);
  }

  @Test
  void shouldNameWhatIsMissing() {
    assertThatThrownBy(
            () -> edited("scout", text -> text.withObject("text_config").remove("vocab_size")))
        .hasMessageContaining("key text_config.vocab_size is missing");
    assertThatThrownBy(() -> edited("maverick", text -> text.remove("model_type")))
        .hasMessageContaining("key model_type: nothing is not supported");
  }

  @Test
  void shouldRefuseWhatIsNotAConfiguration() throws IOException {
    assertThatThrownBy(() -> ModelConfig.read(directory.resolve("absent")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("absent: there is no such directory");
    assertThatThrownBy(() -> ModelConfig.read(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: there is no such file");
    Path file = directory.resolve("config.json");
    Files.writeString(file, "{\"a\": 1, \"a\": 2}");
    assertThatThrownBy(() -> ModelConfig.read(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("not valid JSON: Duplicate field 'a'");
    Files.writeString(file, "[".repeat(100_000));
    assertThatThrownBy(() -> ModelConfig.read(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("nesting depth");
    Files.writeString(file, "[1]");
    assertThatThrownBy(() -> ModelConfig.read(directory))
        .hasMessageContaining("expected a JSON object, found a list of 1");
    Files.delete(file);
    Files.createDirectory(file);
    assertThatThrownBy(() -> ModelConfig.read(directory))
        .hasMessageContaining("config.json: expected a file, found a directory");
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private ModelConfig read(String golden) {
    return edited(golden, text -> {});
  }

  private ModelConfig edited(String golden, Consumer<ObjectNode> edit) {
    try (InputStream in = ModelConfigTest.class.getResourceAsStream(golden + "/config.json")) {
      ObjectNode node = (ObjectNode) JSON.readTree(in);
      edit.accept(node);
      Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(node));
      return ModelConfig.read(directory);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
