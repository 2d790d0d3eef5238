package dev.millrace.engine.checkpoint;

import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * A checkpoint of a few kilobytes: two layers, the first dense, the second with two experts.
 * Element {@code i} of tensor {@code t} has the value {@code 1000 t + i}, so that a wrong view
 * shows.
 */
final class TinyModel {

  static final int HIDDEN = 8;
  static final int WIDTH = 4;

  static final String CONFIG =
      """
      {"architectures": ["Llama4ForCausalLM"], "vocab_size": 16, "hidden_size": 8,
       "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4,
       "intermediate_size": 4, "intermediate_size_mlp": 6, "num_local_experts": 2,
       "interleave_moe_layer_step": 2, "max_position_embeddings": 64, "eos_token_id": 2}
      """;

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /** All tensors of the configuration, experts stacked. */
  static TinyModel fused() {
    TinyModel model = new TinyModel();
    model.add("model.embed_tokens.weight", 16, HIDDEN);
    for (int i = 0; i < 2; i++) {
      String layer = "model.layers." + i + ".";
      model.add(layer + "input_layernorm.weight", HIDDEN);
      model.add(layer + "self_attn.q_proj.weight", 16, HIDDEN);
      model.add(layer + "self_attn.k_proj.weight", 8, HIDDEN);
      model.add(layer + "self_attn.v_proj.weight", 8, HIDDEN);
      model.add(layer + "self_attn.o_proj.weight", HIDDEN, 16);
      model.add(layer + "post_attention_layernorm.weight", HIDDEN);
    }
    model.swiglu("model.layers.0.feed_forward.", 6);
    model.add("model.layers.1.feed_forward.router.weight", 2, HIDDEN);
    model.add("model.layers.1.feed_forward.experts.gate_up_proj", 2, HIDDEN, 2 * WIDTH);
    model.add("model.layers.1.feed_forward.experts.down_proj", 2, WIDTH, HIDDEN);
    model.swiglu("model.layers.1.feed_forward.shared_expert.", WIDTH);
    model.add("model.norm.weight", HIDDEN);
    model.add("lm_head.weight", 16, HIDDEN);
    return model;
  }

  /** The same with one set of linear layers per expert. */
  static TinyModel unfused() {
    TinyModel model = fused();
    model.remove("model.layers.1.feed_forward.experts.gate_up_proj");
    model.remove("model.layers.1.feed_forward.experts.down_proj");
    model.swiglu("model.layers.1.feed_forward.experts.0.", WIDTH);
    model.swiglu("model.layers.1.feed_forward.experts.1.", WIDTH);
    return model;
  }

  private void swiglu(String name, int width) {
    add(name + "gate_proj.weight", width, HIDDEN);
    add(name + "up_proj.weight", width, HIDDEN);
    add(name + "down_proj.weight", HIDDEN, width);
  }

  TinyModel add(String name, long... extents) {
    Shape shape = Shape.of(extents);
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = 1000 * tensors.size() + i;
    }
    tensors.put(name, new Tensor(name, DType.F32, shape, segment(values)));
    return this;
  }

  /** A tensor of any type, its bytes all zero. */
  TinyModel addOf(DType type, String name, long... extents) {
    Shape shape = Shape.of(extents);
    byte[] bytes = new byte[Math.toIntExact(type.bytes(shape.elements()))];
    tensors.put(name, new Tensor(name, type, shape, MemorySegment.ofArray(bytes)));
    return this;
  }

  /** A copy of another tensor under a new name. */
  TinyModel copy(String from, String to) {
    Tensor tensor = Objects.requireNonNull(tensors.get(from), from);
    tensors.put(to, new Tensor(to, tensor.type(), tensor.shape(), tensor.data()));
    return this;
  }

  private static MemorySegment segment(float[] values) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
    for (int i = 0; i < values.length; i++) {
      bytes.set(
          ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
          (long) i * Float.BYTES,
          values[i]);
    }
    return bytes;
  }

  TinyModel remove(String name) {
    if (tensors.remove(name) == null) {
      throw new AssertionError(name);
    }
    return this;
  }

  TinyModel rename(String from, String to) {
    Tensor tensor = Objects.requireNonNull(tensors.remove(from), from);
    tensors.put(to, new Tensor(to, tensor.type(), tensor.shape(), tensor.data()));
    return this;
  }

  TinyModel withPrefix(String prefix) {
    for (String name : List.copyOf(tensors.keySet())) {
      rename(name, prefix + name);
    }
    return this;
  }

  Path writeTo(Path directory) throws IOException {
    Files.writeString(directory.resolve("config.json"), CONFIG);
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"),
        List.copyOf(tensors.values()),
        Map.of("format", "pt"));
    return directory;
  }

  /** Even tensors into the first shard, odd ones into the second. */
  Path writeShardedTo(Path directory) throws IOException {
    Files.writeString(directory.resolve("config.json"), CONFIG);
    List<List<Tensor>> shards = List.of(new ArrayList<>(), new ArrayList<>());
    List<String> map = new ArrayList<>();
    int i = 0;
    for (Tensor tensor : tensors.values()) {
      shards.get(i % 2).add(tensor);
      map.add(String.format(Locale.ROOT, "\"%s\": \"shard-%d.safetensors\"", tensor.name(), i % 2));
      i++;
    }
    for (int shard = 0; shard < 2; shard++) {
      SafetensorsWriter.write(
          directory.resolve("shard-" + shard + ".safetensors"), shards.get(shard), Map.of());
    }
    Files.writeString(
        directory.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {" + String.join(",\n", map) + "}}");
    return directory;
  }
}
