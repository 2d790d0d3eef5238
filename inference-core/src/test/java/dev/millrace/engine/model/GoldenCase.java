package dev.millrace.engine.model;

import dev.millrace.engine.checkpoint.Checkpoint;
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
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * A small checkpoint with the logits that the model authors' public code computes for it; see
 * {@code golden/README.md} among the test resources.
 *
 * @param name directory
 * @param directory where it was unpacked
 * @param inputIds the prompt
 * @param logits one row per prompt token
 * @param greedyIds the continuation of the first {@link #GREEDY_PROMPT} ids
 */
public record GoldenCase(
    String name, Path directory, int[] inputIds, float[][] logits, int[] greedyIds) {

  /** Prompt length of the greedy continuation. */
  public static final int GREEDY_PROMPT = 21;

  /** All cases. */
  public static final List<String> NAMES =
      List.of(
          "scout",
          "maverick",
          "guard",
          "llama3",
          "mistral",
          "maverick-fp8",
          "scout-w4a16",
          "qwen3",
          "qwen3-moe",
          "qwen3-moe-step");

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Unpacks a case into a directory, once. */
  public static GoldenCase open(String name, Path temporary) {
    try {
      Path directory = temporary.resolve(name);
      if (Files.notExists(directory)) {
        unpack(Path.of(GoldenCase.class.getResource("/golden/" + name).toURI()), directory);
      }
      try (SafetensorsFile expected =
          SafetensorsFile.open(directory.resolve("expected.safetensors"))) {
        return new GoldenCase(
            name,
            directory,
            ids(expected.tensor("input_ids")),
            rows(expected.tensor("logits")),
            ids(expected.tensor("greedy_ids")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Opens its checkpoint. */
  public Checkpoint checkpoint() {
    return Checkpoint.open(directory);
  }

  private static void unpack(Path packed, Path directory) throws IOException {
    Files.createDirectories(directory);
    try (Stream<Path> files = Files.list(packed)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        try (InputStream in = Files.newInputStream(file)) {
          if (name.endsWith(".gz")) {
            Path to = directory.resolve(name.substring(0, name.length() - 3));
            Files.copy(new GZIPInputStream(in), to);
          } else {
            Files.copy(in, directory.resolve(name));
          }
        }
      }
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
