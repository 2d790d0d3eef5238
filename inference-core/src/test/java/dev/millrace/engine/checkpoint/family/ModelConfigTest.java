package dev.millrace.engine.checkpoint.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.checkpoint.CheckpointException;
import dev.millrace.engine.checkpoint.ModelConfig;
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
import org.junit.jupiter.params.provider.ValueSource;

final class ModelConfigTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  @Test
  void shouldReadANestedTextConfiguration() {
    ModelConfig config = read("scout");
    Architecture architecture = config.architecture();

    assertThat(architecture.name()).isEqualTo("Llama4ForConditionalGeneration");
    assertThat(architecture.hiddenSize()).isEqualTo(128);
    assertThat(architecture.vocabulary()).isEqualTo(512);
    assertThat(architecture.contextTokens()).isEqualTo(4_096);
    assertThat(config.beginToken()).hasValue(1);
    assertThat(config.stopTokens()).containsExactly(2);
    assertThat(config.quantisation()).isEqualTo("none");
    assertThat(architecture.layers())
        .hasSize(8)
        .extracting(LayerSpec::feedForward)
        .containsOnly(new Mixture(4, 1, 128, 128, new Router.SigmoidOnInput()));
    for (int i = 0; i < 8; i++) {
      AttentionSpec attention = architecture.layers().get(i).attention();
      boolean rotates = i % 4 != 3;
      assertThat(attention.rotates()).isEqualTo(rotates);
      assertThat(attention.visible()).isEqualTo(rotates ? new Visible.Chunk(16) : Visible.FULL);
      assertThat(attention.headNorm())
          .isEqualTo(rotates ? new HeadNorm.Unit(1e-5f) : HeadNorm.NONE);
      assertThat(attention.temperature())
          .isEqualTo(rotates ? Temperature.NONE : new Temperature(16, 0.1));
    }
    assertThat(architecture.layers().get(0).attention().rotary())
        .isEqualTo(
            new RotaryEmbedding(
                RotaryFrequencies.llama3(RotaryFrequencies.plain(500_000, 64), 16, 1, 1, 64),
                Pairing.INTERLEAVED));
  }

  @Test
  void shouldReadTheStyleOfTheFirstUploads() {
    Architecture maverick = read("maverick").architecture();
    List<LayerSpec> layers = maverick.layers();

    assertThat(maverick.name()).isEqualTo("Llama4ForCausalLM");
    assertThat(layers)
        .extracting(layer -> layer.feedForward() instanceof Mixture)
        .containsExactly(false, true, false, true, false, true, false, true);
    assertThat(maverick.mixtures()).hasSize(4);
    assertThat(layers)
        .extracting(layer -> layer.attention().rotates())
        .containsExactly(true, true, true, false, true, true, true, false);
    assertThat(layers).allMatch(layer -> layer.attention().headNorm().equals(HeadNorm.NONE));
    assertThat(layers.get(3).attention().temperature()).isEqualTo(new Temperature(16, 0.1));
    assertThat(layers.get(0).attention().rotary())
        .isEqualTo(new RotaryEmbedding(RotaryFrequencies.plain(500_000, 64), Pairing.INTERLEAVED));
  }

  @Test
  void shouldHonourRotaryEmbeddingOnEveryLayer() {
    assertThat(read("guard").architecture().layers())
        .hasSize(6)
        .allMatch(
            layer -> layer.attention().rotates() && layer.feedForward().equals(new Dense(128)));
  }

  @Test
  void shouldReadLlama3() {
    Architecture llama3 = read("llama3").architecture();

    assertThat(llama3.tiedEmbeddings()).isTrue();
    assertThat(llama3.kvElementsPerToken()).isEqualTo(2L * 4 * 2 * 64);
    AttentionSpec attention = llama3.layers().get(3).attention();
    assertThat(attention.visible()).isEqualTo(Visible.FULL);
    assertThat(attention.headNorm()).isEqualTo(HeadNorm.NONE);
    assertThat(attention.rotary())
        .isEqualTo(
            new RotaryEmbedding(
                RotaryFrequencies.llama3(RotaryFrequencies.plain(500_000, 64), 8, 1, 4, 64),
                Pairing.HALVES));
  }

  @Test
  void shouldNameTheQuantisation() {
    assertThat(read("scout-w4a16").quantisation()).isEqualTo("compressed-tensors pack-quantized");
    assertThat(read("maverick-fp8").quantisation()).isEqualTo("compressed-tensors float-quantized");
  }

  @Test
  void shouldTurnChunkingOffForNullButDefaultItWhenAbsent() {
    assertThat(visible(edited("maverick", text -> text.putNull("attention_chunk_size"))))
        .isEqualTo(Visible.FULL);
    assertThat(visible(edited("maverick", text -> text.remove("attention_chunk_size"))))
        .isEqualTo(new Visible.Chunk(8_192));
  }

  private static Visible visible(ModelConfig config) {
    return config.architecture().layers().get(0).attention().visible();
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

    assertThat(config.architecture().layers())
        .allMatch(layer -> layer.attention().visible().equals(Visible.FULL))
        .first()
        .matches(layer -> layer.attention().rotates());
  }

  @Test
  void shouldTreatStepZeroAndAnEmptyListAsDense() {
    for (Consumer<ObjectNode> dense :
        List.<Consumer<ObjectNode>>of(
            text -> text.put("interleave_moe_layer_step", 0),
            text -> text.putArray("moe_layers"),
            text -> text.put("num_local_experts", 0))) {
      assertThat(edited("maverick", dense).architecture().mixtures()).isEmpty();
    }
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

    assertThat(old.architecture()).isEqualTo(read("llama3").architecture());
  }

  @Test
  void shouldTurnTemperatureOffForFalseAndZero() {
    for (Consumer<ObjectNode> off :
        List.<Consumer<ObjectNode>>of(
            text -> text.put("attn_temperature_tuning", 0),
            text -> text.put("attn_temperature_tuning", false))) {
      assertThat(edited("maverick", off).architecture().layers().get(3).attention().temperature())
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
  void shouldKnowTheIdOfImagesOfModelsThatTakeThem() {
    assertThat(edited("scout", config -> config.put("image_token_index", 266)).imageToken())
        .hasValue(266);
    assertThat(edited("scout", config -> config.put("image_token_id", 265)).imageToken())
        .hasValue(265);
    // the family's own, 200,092, which this small vocabulary does not have
    assertThat(read("scout").imageToken()).isEmpty();
    assertThat(
            edited("scout", config -> config.withObject("text_config").put("vocab_size", 202_048))
                .imageToken())
        .hasValue(200_092);
    assertThat(edited("maverick", config -> config.put("image_token_index", 266)).imageToken())
        .as("a model of text alone")
        .isEmpty();
  }

  @Test
  void shouldTakeAsManyKeyValueHeadsAsHeadsWhereNoneAreNamed() {
    for (Consumer<ObjectNode> none :
        List.<Consumer<ObjectNode>>of(
            text -> text.remove("num_key_value_heads"),
            text -> text.putNull("num_key_value_heads"))) {
      assertThat(edited("llama3", none).architecture().kvHeads()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NaN", "Infinity", "-Infinity", "[0.0, Infinity]"})
  void shouldMindNumbersThatAreNoneOnlyWhereTheyAreRead(String odd) throws IOException {
    Architecture sound = read("llama3").architecture();
    assertThat(with("note", odd).architecture()).isEqualTo(sound);

    for (String key : List.of("hidden_size", "rms_norm_eps", "tie_word_embeddings")) {
      assertThatThrownBy(() -> with(key, odd))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("key " + key + ": expected ");
    }
  }

  /** A configuration with a value that is no JSON. */
  private ModelConfig with(String key, String value) throws IOException {
    Path file = directory.resolve("config.json");
    write("llama3", config -> config.put(key, "@"));
    Files.writeString(file, Files.readString(file).replace("\"@\"", value));
    return ModelConfig.read(directory);
  }

  @Test
  void shouldTakeAnEmptyGenerationConfigForNone() throws IOException {
    List<Integer> stops = read("llama3").stopTokens();
    for (String empty : List.of("", " \n", "{}")) {
      Files.writeString(directory.resolve("generation_config.json"), empty);
      assertThat(read("llama3").stopTokens()).isEqualTo(stops);
    }
    Files.writeString(directory.resolve("generation_config.json"), "{");
    assertThatThrownBy(() -> read("llama3"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("generation_config.json: not valid JSON");
  }

  @Test
  void shouldDeriveTheHeadDimension() {
    assertThat(edited("llama3", text -> text.remove("head_dim")).architecture().headDimension())
        .isEqualTo(32);
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
    write(golden, edit);
    return ModelConfig.read(directory);
  }

  private void write(String golden, Consumer<ObjectNode> edit) {
    try (InputStream in = ModelConfigTest.class.getResourceAsStream(golden + "/config.json")) {
      ObjectNode node = (ObjectNode) JSON.readTree(in);
      edit.accept(node);
      Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(node));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
