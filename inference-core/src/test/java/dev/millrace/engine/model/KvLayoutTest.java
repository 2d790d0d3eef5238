package dev.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.checkpoint.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What layers that see a chunk need, and what that leaves for the others. */
final class KvLayoutTest {
  private static final int CHUNK = 128;
  private static final ModelLimits LIMITS = new ModelLimits(64, 3, 1 << 30, 64).withLocalBlocks();
  @TempDir Path directory;

  /** Eight layers, two of which see everything. */
  private Architecture model() {
    new TinyModel(1, 8, 64, 4, 96, 4096, CHUNK).writeTo(directory);
    return ModelConfig.read(directory).architecture();
  }

  @Test
  void shouldGiveTheLayersThatSeeEverythingWhatTheOthersDoNotNeed() {
    KvLayout layout = KvLayout.of(new KvShape(8, 1000, 64, 2, 16), model(), LIMITS);

    // two blocks of a chunk, one of a step, and two ends; four sequences, of 64 blocks each
    assertThat(layout.localBlocksOfASequence()).isEqualTo(5);
    assertThat(layout.local()).contains(new KvShape(6, 20, 64, 2, 16, true));
    assertThat(layout.full()).isEqualTo(new KvShape(2, (8 * 1000 - 6 * 20) / 2, 64, 2, 16));
  }

  @Test
  void shouldTakeNoMoreThanSequencesCanUseIfNobodySaidHowMuch() {
    ModelLimits chosen = new ModelLimits(64, 3, 0, 64).withLocalBlocks();

    KvLayout layout = KvLayout.of(new KvShape(8, 100, 64, 2, 16), model(), chosen);

    assertThat(layout.full().blocks()).as("three contexts of 4096").isEqualTo(192);
    assertThat(layout.local().orElseThrow().blocks()).isEqualTo(20);
  }

  /**
   * The table of the module's README: one sequence of Llama 4 Scout with keys and values in bf16.
   */
  @ParameterizedTest
  @CsvSource({"131072, 24.0, 7.3", "1048576, 192.0, 49.3", "10485760, 1920.0, 481.3"})
  void shouldSaveThreeQuartersOfTheMemoryOfALongSequence(int tokens, double all, double saved)
      throws IOException {
    Files.writeString(directory.resolve("config.json"), SCOUT);
    Architecture scout = ModelConfig.read(directory).architecture();
    double gibibyte = (double) (1 << 30) / (64 * 2 * scout.kvHeads() * scout.headDimension() * 2);
    int blocks = tokens / 64;
    KvShape one = new KvShape(48, 1 << 20, 64, scout.kvHeads(), scout.headDimension());

    ModelLimits limits = new ModelLimits(1024, 8, 1, 64).withLocalBlocks();
    KvLayout layout = KvLayout.of(one, scout, limits);

    long local = (long) layout.localBlocksOfASequence() * layout.local().orElseThrow().layers();
    long full = (long) blocks * layout.full().layers();
    assertThat(blocks * 48 / gibibyte).isCloseTo(all, within(0.05));
    assertThat((full + local) / gibibyte).isCloseTo(saved, within(0.05));
  }

  private static final String SCOUT =
      """
      {"architectures": ["Llama4ForCausalLM"], "model_type": "llama4_text",
       "vocab_size": 202048, "hidden_size": 5120, "num_hidden_layers": 48,
       "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
       "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_local_experts": 16,
       "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "use_qk_norm": true,
       "no_rope_layer_interval": 4, "attention_chunk_size": 8192,
       "max_position_embeddings": 10485760, "attn_temperature_tuning": true,
       "floor_scale": 8192, "attn_scale": 0.1,
       "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
       "rms_norm_eps": 1e-05, "bos_token_id": 0, "eos_token_id": 1,
       "tie_word_embeddings": false, "dtype": "bfloat16"}
      """;

  @Test
  void shouldKeepOneKindOfBlocksWhereNothingIsSaved() {
    Architecture model = model();
    KvShape few = new KvShape(8, 20, 64, 2, 16);
    assertThat(KvLayout.of(few, model, LIMITS).full()).isEqualTo(few);
    KvShape many = new KvShape(8, 1000, 64, 2, 16);
    ModelLimits unaware = new ModelLimits(64, 3, 1 << 30, 64);
    assertThat(KvLayout.of(many, model, unaware).local()).isEmpty();
  }
}
