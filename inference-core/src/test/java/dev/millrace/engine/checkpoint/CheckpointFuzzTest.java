package dev.millrace.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.MutatedJson;
import dev.millrace.engine.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Broken and hostile files of a model are refused in words that name the file, and soon. */
@Execution(ExecutionMode.CONCURRENT)
final class CheckpointFuzzTest {
  private static final int ROUNDS = Boolean.getBoolean("millrace.full") ? 10_000 : 1_000;
  private static final String INDEX = "model.safetensors.index.json";
  private static final String WEIGHTS = "model.safetensors";
  private static final List<String> VALUES =
      List.of(
          "null",
          "-1",
          "0",
          "1",
          "2",
          "3",
          "64",
          "1e300",
          "-0.5",
          "2147483648",
          "9223372036854775807",
          "99999999999999999999",
          "\"\"",
          "\"F4\"",
          "\"BF16\"",
          "\"C64\"",
          "\"llama3\"",
          "\"full_attention\"",
          "\"../x.safetensors\"",
          "\"shard-1.safetensors\"",
          "\"\\u0000\\ud83d\\ude00\"",
          "true",
          "false",
          "{}",
          "[]",
          "[0]",
          "[8, 8]",
          "[4611686018427387904, 4]",
          "{\"quant_method\": \"awq\"}",
          "{\"rope_type\": \"llama3\"}");

  @TempDir private Path directory;
  private final long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
  private final SplittableRandom random = new SplittableRandom(seed);
  private final MutatedJson mutated = new MutatedJson(random, VALUES);
  private int read;

  /** Something that reads files of a model. */
  private interface Reading {
    void run() throws IOException;
  }

  private void attempt(int round, String file, Reading reading) throws IOException {
    try {
      reading.run();
      read++;
    } catch (CheckpointException e) {
      assertThat(e).as("seed=%d round=%d", seed, round).hasMessageContaining("cannot load");
      assertThat(String.valueOf(e.getMessage()).length())
          .as("seed=%d round=%d of %s: a message, not the file", seed, round, file)
          .isLessThan(1_500);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(
          String.format(Locale.ROOT, "%s: seed=%d round=%d", file, seed, round), e);
    }
  }

  private void assertThatSomeWereRead() {
    assertThat(read)
        .as("seed=%d: some mutations do no harm, some do", seed)
        .isBetween(1, ROUNDS - 1);
  }

  @Test
  void shouldReadOrRefuseEveryConfiguration() throws IOException {
    List<String> sound = new ArrayList<>();
    for (String family : List.of("scout", "maverick", "guard", "llama3", "scout-w4a16")) {
      try (InputStream file =
          Objects.requireNonNull(
              CheckpointFuzzTest.class.getResourceAsStream("family/" + family + "/config.json"))) {
        sound.add(new String(file.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    sound.add(
        """
        {"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "vocab_size": 16,
         "hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 4, "head_dim": 4,
         "intermediate_size": 4, "num_experts": 4, "num_experts_per_tok": 2,
         "moe_intermediate_size": 4, "mlp_only_layers": [0], "norm_topk_prob": true,
         "max_position_embeddings": 64, "sliding_window": 9, "use_sliding_window": false,
         "rope_scaling": {"rope_type": "llama3", "factor": 2, "low_freq_factor": 1,
         "high_freq_factor": 4, "original_max_position_embeddings": 32}}
        """);
    String generation = "{\"eos_token_id\": [1, 2], \"bos_token_id\": 0, \"top_p\": 0.5}";
    for (int round = 0; round < ROUNDS; round++) {
      String chosen = sound.get(random.nextInt(sound.size()));
      Files.write(directory.resolve("config.json"), mutation(chosen));
      Files.write(directory.resolve("generation_config.json"), mutation(generation));
      attempt(round, "config.json", () -> ModelConfig.read(directory));
    }
    assertThatSomeWereRead();
  }

  @Test
  void shouldReadOrRefuseEveryIndex() throws IOException {
    TinyModel.unfused().writeShardedTo(directory);
    String sound = Files.readString(directory.resolve(INDEX));
    for (int round = 0; round < ROUNDS; round++) {
      Files.write(directory.resolve(INDEX), mutation(sound));
      attempt(round, INDEX, () -> Checkpoint.open(directory).close());
    }
    assertThatSomeWereRead();
  }

  @Test
  void shouldReadOrRefuseEveryHeader() throws IOException {
    TinyModel.fused().addOf(DType.F4, "extra", 8).writeTo(directory);
    byte[] sound = Files.readAllBytes(directory.resolve(WEIGHTS));
    int length = Math.toIntExact(ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN).getLong(0));
    String header = new String(sound, Long.BYTES, length, StandardCharsets.UTF_8);
    byte[] data = Arrays.copyOfRange(sound, Long.BYTES + length, sound.length);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] json = mutation(header);
      long said = random.nextInt(20) == 0 ? random.nextLong() : json.length;
      int kept = random.nextInt(20) == 0 ? random.nextInt(data.length) : data.length;
      Files.write(
          directory.resolve(WEIGHTS),
          ByteBuffer.allocate(Long.BYTES + json.length + kept)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(said)
              .put(json)
              .put(data, 0, kept)
              .array());
      attempt(round, WEIGHTS, () -> Checkpoint.open(directory).close());
    }
    assertThatSomeWereRead();
  }

  private byte[] mutation(String sound) throws IOException {
    return switch (random.nextInt(5)) {
      case 0 -> mutated.damaged(sound);
      case 1 -> sound.getBytes(StandardCharsets.UTF_8);
      default -> mutated.edited(sound).getBytes(StandardCharsets.UTF_8);
    };
  }
}
