package dev.millrace.engine.checkpoint.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.FeedForwardSpec;
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
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configurations of the golden cases, as they are and edited. */
final class Qwen3Test {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  @Test
  void shouldReadTheDenseModel() {
    Architecture qwen3 = read("qwen3");

    assertThat(qwen3.name()).isEqualTo("Qwen3ForCausalLM");
    assertThat(qwen3.normEpsilon()).isEqualTo(1e-6f);
    assertThat(qwen3.layers())
        .hasSize(2)
        .containsOnly(
            new LayerSpec(
                new AttentionSpec(
                    4,
                    2,
                    64,
                    new RotaryEmbedding(RotaryFrequencies.plain(1e6, 64), Pairing.HALVES),
                    new HeadNorm.Learnt(1e-6f),
                    Visible.FULL,
                    Temperature.NONE),
                new Dense(192)));
  }

  @Test
  void shouldMeanHeadsOf128WhereADenseFileDoesNotSay() {
    assertThat(edited("qwen3", config -> config.remove("head_dim")).headDimension()).isEqualTo(128);
    assertThat(edited("qwen3-moe", config -> config.putNull("head_dim")).headDimension())
        .isEqualTo(128 / 4);
  }

  @Test
  void shouldMixWhereTheListAndTheStepSay() {
    FeedForwardSpec three = new Mixture(6, 3, 32, 0, new Router.SoftmaxOnOutput(true));
    assertThat(read("qwen3-moe").layers())
        .extracting(LayerSpec::feedForward)
        .containsExactly(three, new Dense(192), three);

    FeedForwardSpec two = new Mixture(8, 2, 32, 0, new Router.SoftmaxOnOutput(false));
    assertThat(read("qwen3-moe-step").layers())
        .extracting(LayerSpec::feedForward)
        .containsExactly(new Dense(192), two, new Dense(192), two);

    assertThat(edited("qwen3-moe-step", config -> config.put("num_experts", 0)).mixtures())
        .isEmpty();
  }

  @Test
  void shouldNotNormaliseUnlessTold() {
    assertThat(edited("qwen3-moe", config -> config.remove("norm_topk_prob")).mixtures())
        .extracting(Mixture::router)
        .containsOnly(new Router.SoftmaxOnOutput(false));
  }

  @Test
  void shouldReadTheNewerKeyOfTheNumberOfExperts() {
    Architecture newer =
        edited(
            "qwen3-moe", config -> config.set("num_local_experts", config.remove("num_experts")));

    assertThat(newer).isEqualTo(read("qwen3-moe"));
  }

  @Test
  void shouldIgnoreAWindowThatIsSwitchedOff() {
    assertThat(edited("qwen3", config -> config.put("sliding_window", 16)))
        .isEqualTo(read("qwen3"));
  }

  @Test
  void shouldRefuseByNameWhatNoBackendComputes() {
    refused(
        "qwen3",
        config -> config.put("use_sliding_window", true),
        "key use_sliding_window: expected false: sliding windows are not supported, found true");
    refused(
        "qwen3",
        config -> config.putArray("layer_types").add("full_attention").add("sliding_attention"),
        "key layer_types: expected full_attention in all layers, found \"sliding_attention\"");
    refused(
        "qwen3-moe",
        config -> config.put("attention_bias", true),
        "key attention_bias: expected false: layers with biases are not supported, found true");
    refused(
        "qwen3-moe",
        config -> config.put("num_experts_per_tok", 7),
        "key num_experts_per_tok: expected an integer from 1 to 6, found 7");
    refused(
        "qwen3-moe",
        config -> config.remove("moe_intermediate_size"),
        "key moe_intermediate_size is missing");
    refused(
        "qwen3",
        config -> config.put("model_type", "qwen2"),
        "key model_type: expected \"qwen3\", since architectures names that family, found"
            + " \"qwen2\"");
  }

  private void refused(String golden, Consumer<ObjectNode> edit, String message) {
    assertThatThrownBy(() -> edited(golden, edit))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: " + message);
  }

  private Architecture read(String golden) {
    return edited(golden, config -> {});
  }

  private Architecture edited(String golden, Consumer<ObjectNode> edit) {
    String resource = "/golden/" + golden + "/config.json";
    try (InputStream in = Qwen3Test.class.getResourceAsStream(resource)) {
      ObjectNode config = (ObjectNode) JSON.readTree(in);
      edit.accept(config);
      Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(config));
      return ModelConfig.read(directory).architecture();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
