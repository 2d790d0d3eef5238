package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.gguf.GgufFile;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes configuration and weights of a GGUF file in Hugging Face's layout. Stateless. */
public final class GgufImport {

  private GgufImport() {}

  /**
   * Writes {@code config.json}, {@code generation_config.json} and {@code model.safetensors}.
   *
   * @param file the (first) GGUF file
   * @param directory exists
   * @param decodedTo type of weights that are stored in blocks, or in another order: F32, which
   *     loses nothing, or BF16; all others keep theirs
   * @throws dev.millrace.engine.gguf.GgufException if the file cannot be read
   * @throws CheckpointException if its tensors do not fit its metadata, or files cannot be written
   */
  public static void write(Path file, Path directory, DType decodedTo) {
    // refuses what does not fit before anything is written
    Checkpoint.open(file).close();
    try (GgufWeights weights = GgufWeights.open(file)) {
      writeConfig(file, directory, decodedTo);
      List<TensorInfo> infos = new ArrayList<>();
      for (String name : weights.names()) {
        infos.add(info(weights, name, decodedTo));
      }
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(
              directory.resolve(ModelFiles.SINGLE), infos, Map.of("format", "pt"))) {
        for (String name : weights.names()) {
          append(weights, name, decodedTo, writer);
        }
        writer.finish();
      }
    }
  }

  private static TensorInfo info(GgufWeights weights, String name, DType decodedTo) {
    return weights
        .find(name)
        .map(tensor -> new TensorInfo(name, tensor.type(), tensor.shape()))
        .orElseGet(() -> {
          QuantisedSource.Decoded source = weights.decoded(name).orElseThrow();
          return new TensorInfo(name, decodedTo, Shape.of(source.outputs(), source.inputs()));
        });
  }

  private static void append(
      GgufWeights weights, String name, DType decodedTo, SafetensorsWriter writer) {
    Tensor plain = weights.find(name).orElse(null);
    if (plain != null) {
      writer.append(plain.data());
      return;
    }
    QuantisedSource.Decoded source = weights.decoded(name).orElseThrow();
    float[] row = new float[source.inputs()];
    for (int output = 0; output < source.outputs(); output++) {
      source.readOutput(output, row);
      if (decodedTo == DType.BF16) {
        writer.appendBf16(row);
      } else {
        writer.append(row);
      }
    }
  }

  private static void writeConfig(Path file, Path directory, DType decodedTo) {
    ObjectNode json;
    try (GgufFile open = GgufFile.open(file)) {
      json = GgufConfig.read(open).json();
    }
    json.put("torch_dtype", decodedTo == DType.BF16 ? "bfloat16" : "float32");
    JsonMapper mapper = new JsonMapper();
    ObjectNode generation = mapper.createObjectNode();
    for (String key : List.of("bos_token_id", "eos_token_id")) {
      if (json.has(key)) {
        generation.set(key, json.get(key));
      }
    }
    try {
      write(mapper, json, directory.resolve("config.json"));
      write(mapper, generation, directory.resolve("generation_config.json"));
    } catch (IOException e) {
      throw new CheckpointException(directory, "it cannot be written: " + e, e);
    }
  }

  private static void write(JsonMapper mapper, ObjectNode json, Path file) throws IOException {
    Files.writeString(
        file, mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }
}
