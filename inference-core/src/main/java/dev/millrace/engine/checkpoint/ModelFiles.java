package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The files of a model directory: configuration and weight shards, each checked by itself. Whether
 * the tensors fit the configuration is {@link Checkpoint}'s business. Thread-safe.
 */
public final class ModelFiles implements WeightFiles {

  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  private static final long INDEX_BYTES_MAX = 100_000_000;
  private static final int SHARDS_MAX = 10_000;

  private final Path directory;
  private final ModelConfig config;
  private final Map<String, SafetensorsFile> shards;
  private final Map<String, String> shardOfTensor;

  private ModelFiles(
      Path directory,
      ModelConfig config,
      Map<String, SafetensorsFile> shards,
      Map<String, String> shardOfTensor) {
    this.directory = directory;
    this.config = config;
    this.shards = shards;
    this.shardOfTensor = shardOfTensor;
  }

  /**
   * Opens a model directory.
   *
   * @throws CheckpointException if a file is missing or malformed
   */
  public static ModelFiles open(Path directory) {
    ModelConfig config = ModelConfig.read(directory);
    Map<String, SafetensorsFile> shards = new TreeMap<>();
    try {
      Map<String, String> shardOfTensor =
          Files.exists(directory.resolve(SINGLE))
              ? single(directory, shards)
              : sharded(directory, shards);
      return new ModelFiles(directory, config, shards, shardOfTensor);
    } catch (RuntimeException | Error e) {
      shards.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  private static Map<String, String> single(Path directory, Map<String, SafetensorsFile> shards) {
    SafetensorsFile file = SafetensorsFile.open(directory.resolve(SINGLE));
    shards.put(SINGLE, file);
    Map<String, String> shardOfTensor = new LinkedHashMap<>();
    file.tensors().forEach(tensor -> shardOfTensor.put(tensor.name(), SINGLE));
    return shardOfTensor;
  }

  private static Map<String, String> sharded(Path directory, Map<String, SafetensorsFile> shards) {
    Path index = directory.resolve(INDEX);
    if (!Files.exists(index)) {
      throw new CheckpointException(
          directory,
          "it holds neither %s nor %s; weights in other formats are not supported"
              .formatted(SINGLE, INDEX));
    }
    for (String shard : new TreeSet<>(weightMap(index).values())) {
      shards.put(shard, SafetensorsFile.open(directory.resolve(shard)));
    }
    return places(directory, shards);
  }

  private static Map<String, String> weightMap(Path index) {
    JsonNode map = JsonFile.readObject(index, INDEX_BYTES_MAX).path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw new CheckpointException(
          index, "key weight_map: expected an object, found " + JsonFile.kind(map));
    }
    Map<String, String> shardOfTensor = new LinkedHashMap<>();
    for (var entry : map.properties()) {
      String tensor = entry.getKey();
      String shard = entry.getValue().isTextual() ? entry.getValue().textValue() : "";
      if (!shard.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,200}\\.safetensors")) {
        throw new CheckpointException(
            index,
            "weight_map[\"%s\"]: expected the name of a .safetensors file in this directory, found %s"
                .formatted(JsonFile.abbreviate(tensor), JsonFile.kind(entry.getValue())));
      }
      shardOfTensor.put(tensor, shard);
    }
    if (shardOfTensor.values().stream().distinct().count() > SHARDS_MAX) {
      throw new CheckpointException(
          index, String.format(Locale.ROOT, "weight_map names more than %,d files", SHARDS_MAX));
    }
    return shardOfTensor;
  }

  /**
   * Where the tensors are, whatever the index says: tools rename, drop and move tensors and leave
   * it as it was. A tensor may be in two files if it is the same in both.
   */
  private static Map<String, String> places(Path directory, Map<String, SafetensorsFile> shards) {
    Map<String, String> places = new LinkedHashMap<>();
    for (var shard : shards.entrySet()) {
      for (TensorInfo tensor : shard.getValue().tensors()) {
        String other = places.putIfAbsent(tensor.name(), shard.getKey());
        if (other != null && !isSame(tensor.name(), shards.get(other), shard.getValue())) {
          throw new CheckpointException(
              directory,
              "tensor %s is in two files, %s and %s, and not the same in both"
                  .formatted(JsonFile.abbreviate(tensor.name()), other, shard.getKey()));
        }
      }
    }
    return places;
  }

  private static boolean isSame(String name, @Nullable SafetensorsFile one, SafetensorsFile other) {
    return one != null && one.tensor(name).isSame(other.tensor(name));
  }

  @Override
  public Path path() {
    return directory;
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  /** All tensors of all shards, without data; one that is in two of them twice. */
  public List<TensorInfo> tensors() {
    List<TensorInfo> all = new ArrayList<>();
    for (SafetensorsFile shard : shards.values()) {
      all.addAll(shard.tensors());
    }
    return all;
  }

  @Override
  public List<String> names() {
    return tensors().stream().map(TensorInfo::name).toList();
  }

  /** The index may say which shard has it. */
  @Override
  public String missing(String name) {
    String hint =
        name.endsWith("lm_head.weight")
            ? "; if head and embedding are one, config.json says tie_word_embeddings: true"
            : "";
    return promised(name)
            .map(shard -> ", though %s places it in %s".formatted(INDEX, shard))
            .orElse("")
        + hint;
  }

  private Optional<String> promised(String name) {
    return shards.containsKey(SINGLE) || shardOfTensor.containsKey(name)
        ? Optional.empty()
        : Optional.ofNullable(weightMap(directory.resolve(INDEX)).get(name));
  }

  @Override
  public Map<String, Long> bytesByType() {
    Map<String, Long> bytes = new TreeMap<>();
    for (TensorInfo tensor : tensors()) {
      bytes.merge(tensor.type().name(), tensor.bytes(), Long::sum);
    }
    return bytes;
  }

  @Override
  public List<String> files() {
    return List.copyOf(shards.keySet());
  }

  @Override
  public Optional<Tensor> find(String name) {
    String shard = shardOfTensor.get(name);
    if (shard == null) {
      return Optional.empty();
    }
    return Optional.ofNullable(shards.get(shard)).flatMap(file -> file.find(name));
  }

  @Override
  public String digest(LongConsumer progress) {
    try {
      return ModelDigest.of(directory, files(), progress);
    } catch (IOException e) {
      throw JsonFile.unreadable(directory, e);
    }
  }

  /** Unmaps the weights. Idempotent. */
  @Override
  public void close() {
    shards.values().forEach(SafetensorsFile::close);
  }
}
