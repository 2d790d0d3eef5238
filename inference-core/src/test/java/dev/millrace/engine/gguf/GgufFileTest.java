package dev.millrace.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.gguf.GgufException.Kind;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files, their blocks, and what is refused of them. */
@Execution(ExecutionMode.CONCURRENT)
final class GgufFileTest {
  private static final int ROUNDS = Boolean.getBoolean("millrace.full") ? 10_000 : 500;
  private static final long WORDS_PER_ROUND = 6;

  @TempDir static Path unpacked;

  static Stream<String> cases() {
    return Stream.concat(GgufCase.LOADING.stream(), GgufCase.REFUSED.stream());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldDecodeEveryTensorToTheExpectedBits(String name) {
    GgufCase golden = GgufCase.open(name, unpacked);
    try (GgufFile file = GgufFile.open(golden.file())) {
      int compared = 0;
      for (GgufTensor tensor : file.tensors()) {
        String type = golden.metadata().get("type:" + tensor.name());
        if (type != null) {
          assertThat(type.toUpperCase(Locale.ROOT)).contains(tensor.type().name());
        }
        assertThat(sha256(tensor))
            .as("%s, %s", tensor.name(), tensor.type())
            .isEqualTo(golden.metadata().get("sha256:" + tensor.name()));
        compared++;
      }
      long expected =
          golden.metadata().keySet().stream().filter(key -> key.startsWith("sha256:")).count();
      assertThat(compared).isPositive().isEqualTo((int) expected);
    }
  }

  private static String sha256(GgufTensor tensor) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      float[] row = new float[(int) tensor.width()];
      ByteBuffer bytes =
          ByteBuffer.allocate(row.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (long r = 0; r < tensor.rows(); r++) {
        tensor.readRow(r, row);
        bytes.asFloatBuffer().put(row);
        digest.update(bytes.array());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static Stream<Map.Entry<String, JsonNode>> faulty() throws IOException {
    Path directory = GgufCase.unpacked("faulty", unpacked);
    JsonNode expected = new JsonMapper().readTree(directory.resolve("expected.json").toFile());
    return expected.properties().stream();
  }

  @ParameterizedTest
  @MethodSource("faulty")
  void shouldRefuseFaultyFilesByTheirKind(Map.Entry<String, JsonNode> entry) {
    Path file = GgufCase.unpacked("faulty", unpacked).resolve(entry.getKey());
    if (entry.getValue().path("expect").asText().equals("loads")) {
      load(file);
      return;
    }
    String kind = entry.getValue().path("kind").asText();
    assertThatThrownBy(() -> load(file))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("cannot load " + file)
        .satisfies(e -> {
          // those that only the architecture can tell come from the checkpoint or tokenizer
          if (e instanceof GgufException typed) {
            assertThat(typed.kind())
                .isIn(Kind.valueOf(kind.toUpperCase(Locale.ROOT).replace('-', '_')), also(kind));
          } else {
            assertThat(kind).isIn("shape", "tensor-missing", "tensor-unknown", "tokenizer");
          }
        });
  }

  /** A file that is cut off may also be seen to announce more than there is room for. */
  private static Kind also(String kind) {
    return switch (kind) {
      case "truncated", "length" -> kind.equals("length") ? Kind.TRUNCATED : Kind.LENGTH;
      case "offset" -> Kind.TRUNCATED;
      default -> Kind.valueOf(kind.toUpperCase(Locale.ROOT).replace('-', '_'));
    };
  }

  private static void load(Path file) {
    try (Checkpoint checkpoint = Checkpoint.open(file);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(file)) {
      assertThat(tokenizer.vocabulary()).isPositive();
      assertThat(checkpoint.config().architecture().layers()).isNotEmpty();
    }
  }

  @Test
  void shouldSayOfAMissingFileThatItIsNoSuchGguf() {
    Path missing = unpacked.resolve("missing.GGUF");
    assertThatThrownBy(() -> Checkpoint.open(missing))
        .isInstanceOfSatisfying(
            GgufException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREADABLE))
        .hasMessageContaining("no such GGUF file");
  }

  @Test
  void shouldRefuseBrokenFilesInWordsOnly() throws IOException {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    byte[] sound = Files.readAllBytes(GgufCase.unpacked("faulty", unpacked).resolve("good.gguf"));
    int loaded = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Path file = unpacked.resolve("mutated.gguf");
      Files.write(file, mutated(sound, random));
      try (Checkpoint checkpoint = Checkpoint.open(file)) {
        assertThat(checkpoint.config().architecture().layers()).isNotEmpty();
        loaded++;
      } catch (EngineException e) {
        assertThat(e).as("seed=%d round=%d", seed, round).hasMessageContaining("cannot load");
        assertThat(String.valueOf(e.getMessage()).length())
            .as("seed=%d round=%d: a message, not the file", seed, round)
            .isLessThan(1_500);
      } catch (RuntimeException | Error e) {
        throw new AssertionError(String.format(Locale.ROOT, "seed=%d round=%d", seed, round), e);
      }
    }
    // some changes hit weights alone; most must be seen
    assertThat(loaded).as("seed=%d", seed).isBetween(1, ROUNDS - 1);
  }

  /** Bytes, words of odd values, cuts; all but some of them before the weights. */
  private static byte[] mutated(byte[] sound, SplittableRandom random) {
    byte[] bytes = sound.clone();
    int headerBytes = sound.length / 2;
    List<Long> odd = new ArrayList<>(List.of(0L, 1L, -1L, 8L, 9L, 31L, 255L, 1L << 31, 1L << 62));
    odd.add(Long.MAX_VALUE);
    long changes = random.nextLong(1, WORDS_PER_ROUND);
    for (long i = 0; i < changes; i++) {
      int at = random.nextInt(random.nextInt(10) == 0 ? sound.length - 8 : headerBytes);
      if (random.nextBoolean()) {
        bytes[at] = (byte) random.nextInt(256);
      } else {
        ByteBuffer.wrap(bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(at, odd.get(random.nextInt(odd.size())));
      }
    }
    return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }
}
