package dev.millrace.engine.gguf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.engine.checkpoint.SafetensorsFile;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * A small GGUF file with what the model authors' public code computes for it; see {@code
 * golden-gguf/README.md} among the test resources.
 *
 * @param file the (first) file
 * @param inputIds the prompt
 * @param logits one row per prompt token
 * @param greedyIds the continuation of the first ids
 * @param metadata what else is known
 */
public record GgufCase(
    Path file, int[] inputIds, float[][] logits, int[] greedyIds, Map<String, String> metadata) {

  /** Cases of architectures that load. */
  public static final List<String> LOADING =
      List.of(
          "f32",
          "f16",
          "bf16",
          "q8_0",
          "q4_0",
          "q4_1",
          "q5_0",
          "q5_1",
          "iq4_nl",
          "mxfp4",
          "q4_k",
          "q5_k",
          "q6_k",
          "q2_k-q3_k-iq4_xs",
          "split",
          "llama3",
          "llama4",
          "qwen3moe");

  /** Cases of those that do not. */
  public static final List<String> REFUSED =
      List.of(
          "mixtral", "qwen2", "gpt-oss", "smollm3", "olmoe", "granitemoe", "glm4moe", "deepseek2");

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Unpacks a case into a directory, once. */
  public static GgufCase open(String name, Path temporary) {
    Path directory = unpacked(name, temporary);
    try (Stream<Path> files = Files.list(directory);
        SafetensorsFile expected =
            SafetensorsFile.open(directory.resolve("expected.safetensors"))) {
      Path first =
          files
              .filter(file -> file.toString().endsWith(".gguf"))
              .sorted()
              .findFirst()
              .orElseThrow();
      return new GgufCase(
          first,
          ids(expected.tensor("input_ids")),
          rows(expected.tensor("logits")),
          ids(expected.tensor("greedy_ids")),
          expected.metadata());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A directory of resources, unpacked. */
  public static Path unpacked(String name, Path temporary) {
    Path directory = temporary.resolve(name);
    if (Files.exists(directory)) {
      return directory;
    }
    try {
      Path packed = Path.of(GgufCase.class.getResource("/golden-gguf/" + name).toURI());
      Files.createDirectories(directory);
      try (Stream<Path> files = Files.list(packed)) {
        for (Path file : files.toList()) {
          String to = file.getFileName().toString().replaceFirst("\\.gz$", "");
          try (InputStream in = Files.newInputStream(file);
              InputStream bytes = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in) {
            Files.copy(bytes, directory.resolve(to));
          }
        }
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Prompt length of the greedy continuation. */
  public int promptLength() {
    return Integer.parseInt(metadata.get("prompt_length"));
  }

  /** Texts, each with its ids, special tokens parsed. */
  public JsonNode texts() {
    try {
      return new JsonMapper().readTree(metadata.get("texts"));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int[] ids(Tensor tensor) {
    int[] ids = new int[Math.toIntExact(tensor.shape().elements())];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Math.toIntExact(tensor.data().get(LONG, (long) i * Long.BYTES));
    }
    return ids;
  }

  private static float[][] rows(Tensor tensor) {
    int width = Math.toIntExact(tensor.shape().extent(1));
    float[][] rows = new float[Math.toIntExact(tensor.shape().extent(0))][width];
    for (int r = 0; r < rows.length; r++) {
      tensor.readFloats((long) r * width, rows[r], 0, width);
    }
    return rows;
  }
}
