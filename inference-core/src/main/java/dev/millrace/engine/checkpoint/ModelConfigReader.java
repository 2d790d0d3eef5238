package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.backend.AttentionSpec;
import dev.millrace.engine.backend.AttentionSpec.Pairing;
import dev.millrace.engine.backend.AttentionSpec.Temperature;
import dev.millrace.engine.checkpoint.ModelConfig.Family;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/** Applies the rules by which Hugging Face configurations of these families are to be read. */
final class ModelConfigReader {

  private static final int LAYERS_MAX = 1_000;
  private static final int WIDTH_MAX = 1 << 20;
  private static final int VOCABULARY_MAX = 1 << 24;
  private static final long FILE_BYTES_MAX = 16L << 20;

  private final Family family;
  private final String architecture;
  private final ConfigNode top;
  private final ConfigNode text;
  private final int layers;
  private final int heads;
  private final int kvHeads;
  private final int headDimension;

  private ModelConfigReader(ConfigNode top) {
    this.top = top;
    this.text = top.object("text_config").orElse(top);
    this.architecture = architecture(top);
    this.family = family(top, architecture);
    this.layers = text.requiredInteger("num_hidden_layers", 1, LAYERS_MAX);
    this.heads = text.requiredInteger("num_attention_heads", 1, 4_096);
    this.kvHeads =
        family == Family.LLAMA4
            ? text.requiredInteger("num_key_value_heads", 1, 4_096)
            : text.integer("num_key_value_heads", 1, 4_096, heads);
    if (heads % kvHeads != 0) {
      throw text.refuse(
          "num_key_value_heads",
          String.format(Locale.ROOT, "a divisor of num_attention_heads = %d", heads));
    }
    this.headDimension = headDimension();
  }

  static ModelConfig read(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new CheckpointException(
          directory,
          (Files.exists(directory) ? "expected a directory" : "there is no such directory")
              + "; give the directory that holds config.json");
    }
    Path file = directory.resolve("config.json");
    ConfigNode top = ConfigNode.root(file, JsonFile.readObject(file, FILE_BYTES_MAX));
    Path generation = directory.resolve("generation_config.json");
    ModelConfigReader reader = new ModelConfigReader(top);
    return Files.exists(generation)
        ? reader.config(
            ConfigNode.root(generation, JsonFile.readObject(generation, FILE_BYTES_MAX)))
        : reader.config(reader.text);
  }

  private ModelConfig config(ConfigNode generation) {
    refuseUnsupported();
    int vocabulary = text.requiredInteger("vocab_size", 1, VOCABULARY_MAX);
    int experts = family == Family.LLAMA4 ? text.integer("num_local_experts", 0, 4_096, 16) : 0;
    int expertsPerToken = experts == 0 ? 0 : text.integer("num_experts_per_tok", 1, experts, 1);
    int width = text.requiredInteger("intermediate_size", 1, WIDTH_MAX);
    int denseWidth =
        family == Family.LLAMA4
            ? text.integer("intermediate_size_mlp", 1, WIDTH_MAX, width)
            : width;
    double epsilon =
        text.number("rms_norm_eps", 1e-12, 1e-1, family == Family.LLAMA4 ? 1e-5 : 1e-6);
    return new ModelConfig(
        family,
        architecture,
        text.requiredInteger("hidden_size", 1, WIDTH_MAX),
        heads,
        kvHeads,
        headDimension,
        vocabulary,
        text.requiredInteger("max_position_embeddings", 1, 1 << 30),
        (float) epsilon,
        text.flag("tie_word_embeddings", top.flag("tie_word_embeddings", false)),
        experts,
        expertsPerToken,
        width,
        denseWidth,
        layers(experts, (float) epsilon),
        beginToken(generation, vocabulary),
        stopTokens(generation, vocabulary),
        quantisation());
  }

  // ---- what it is

  private static String architecture(ConfigNode top) {
    List<String> names = top.texts("architectures", 16);
    if (!names.isEmpty()) {
      return names.getFirst();
    }
    return switch (top.text("model_type", "")) {
      case "llama4" -> "Llama4ForConditionalGeneration";
      case "llama4_text" -> "Llama4ForCausalLM";
      case "llama" -> "LlamaForCausalLM";
      default -> throw unsupported(top, "model_type");
    };
  }

  private static Family family(ConfigNode top, String architecture) {
    return switch (architecture) {
      case "Llama4ForConditionalGeneration", "Llama4ForCausalLM" -> Family.LLAMA4;
      case "LlamaForCausalLM" -> Family.LLAMA3;
      default -> throw unsupported(top, "architectures");
    };
  }

  private static CheckpointException unsupported(ConfigNode top, String key) {
    String found =
        key.equals("architectures")
            ? top.texts(key, 16).toString()
            : JsonFile.kind(top.node().path(key));
    return new CheckpointException(
        top.file(),
        ("key %s: %s is not supported; expected Llama4ForConditionalGeneration,"
                + " Llama4ForCausalLM or LlamaForCausalLM")
            .formatted(key, found));
  }

  private void refuseUnsupported() {
    if (!text.text("hidden_act", "silu").equals("silu")) {
      throw text.refuse("hidden_act", "\"silu\"");
    }
    for (String bias : List.of("attention_bias", "mlp_bias")) {
      if (text.flag(bias, false)) {
        throw text.refuse(bias, "false: layers with biases are not supported");
      }
    }
  }

  private int headDimension() {
    int hidden = text.requiredInteger("hidden_size", 1, WIDTH_MAX);
    int dimension = text.integer("head_dim", 2, 65_536, hidden / heads);
    if (dimension < 2 || dimension % 2 != 0) {
      throw new CheckpointException(
          text.file(),
          String.format(
              Locale.ROOT,
              "key %shead_dim: expected an even number, found %d",
              text.path(),
              dimension));
    }
    return dimension;
  }

  private String quantisation() {
    ConfigNode config = text;
    var found = text.object("quantization_config");
    if (found.isEmpty()) {
      config = top;
      found = top.object("quantization_config");
    }
    if (found.isEmpty()) {
      return "none";
    }
    String method = found.get().text("quant_method", "");
    String format = found.get().text("format", "");
    if (method.isEmpty()) {
      throw config.refuse("quantization_config", "an object with quant_method");
    }
    return format.isEmpty() ? method : method + " " + format;
  }

  // ---- layers

  private List<LayerConfig> layers(int experts, float epsilon) {
    BitSet moe = moeLayers(experts);
    if (family == Family.LLAMA3) {
      AttentionSpec spec = attention(rotary(), Pairing.HALVES, 0, 0, Temperature.NONE);
      return Collections.nCopies(layers, new LayerConfig(spec, false));
    }
    BitSet rotates = rotatingLayers();
    BitSet chunked = chunkedLayers(rotates);
    double[] rotary = rotary();
    int chunk = chunkTokens();
    float headNorm = text.flag("use_qk_norm", true) ? epsilon : 0;
    Temperature temperature =
        text.flag("attn_temperature_tuning", true)
            ? new Temperature(
                text.number("floor_scale", 1, 1e12, 8_192),
                text.number("attn_scale", -1e6, 1e6, 0.1))
            : Temperature.NONE;
    Map<AttentionSpec, AttentionSpec> shared = new HashMap<>();
    List<LayerConfig> result = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      int chunkOfLayer = chunked.get(i) ? chunk : 0;
      AttentionSpec spec =
          rotates.get(i)
              ? attention(rotary, Pairing.INTERLEAVED, headNorm, chunkOfLayer, Temperature.NONE)
              : attention(new double[0], Pairing.INTERLEAVED, 0, chunkOfLayer, temperature);
      AttentionSpec first = shared.putIfAbsent(spec, spec);
      result.add(new LayerConfig(first == null ? spec : first, moe.get(i)));
    }
    return result;
  }

  private AttentionSpec attention(
      double[] rotary, Pairing pairing, float headNorm, int chunk, Temperature temperature) {
    return new AttentionSpec(
        heads, kvHeads, headDimension, rotary, pairing, headNorm, chunk, temperature);
  }

  /** An explicit list wins, even an empty one; otherwise every {@code step}-th layer. */
  private BitSet moeLayers(int experts) {
    BitSet moe = new BitSet();
    if (family == Family.LLAMA3) {
      return moe;
    }
    if (text.has("moe_layers")) {
      for (int layer : text.integers("moe_layers", LAYERS_MAX, 0, layers - 1)) {
        moe.set(layer);
      }
      if (experts == 0 && !moe.isEmpty()) {
        throw text.refuse("moe_layers", "none, since num_local_experts is 0");
      }
      return moe;
    }
    int step = text.integer("interleave_moe_layer_step", 0, LAYERS_MAX, 1);
    if (step > 0 && experts > 0) {
      for (int layer = step - 1; layer < layers; layer += step) {
        moe.set(layer);
      }
    }
    return moe;
  }

  /** {@code no_rope_layers} says 1 for a layer that <em>does</em> rotate. */
  private BitSet rotatingLayers() {
    List<Integer> listed = text.integers("no_rope_layers", LAYERS_MAX, 0, 1);
    BitSet rotates = new BitSet();
    if (listed.isEmpty()) {
      int interval = text.integer("no_rope_layer_interval", 1, 1 << 20, 4);
      for (int i = 0; i < layers; i++) {
        rotates.set(i, (i + 1) % interval != 0);
      }
      return rotates;
    }
    requireOnePerLayer("no_rope_layers", listed.size());
    for (int i = 0; i < layers; i++) {
      rotates.set(i, listed.get(i) == 1);
    }
    return rotates;
  }

  private BitSet chunkedLayers(BitSet rotates) {
    List<String> types = text.texts("layer_types", LAYERS_MAX);
    if (types.isEmpty()) {
      return rotates;
    }
    requireOnePerLayer("layer_types", types.size());
    BitSet chunked = new BitSet();
    for (int i = 0; i < layers; i++) {
      switch (types.get(i)) {
        case "chunked_attention" -> chunked.set(i);
        case "full_attention" -> {}
        default ->
            throw new CheckpointException(
                text.file(),
                "key %slayer_types: expected chunked_attention or full_attention, found \"%s\""
                    .formatted(text.path(), JsonFile.abbreviate(types.get(i))));
      }
    }
    return chunked;
  }

  private void requireOnePerLayer(String key, int found) {
    if (found != layers) {
      throw text.refuse(key, String.format(Locale.ROOT, "one entry for each of %d layers", layers));
    }
  }

  /** Null turns chunking off; a file that does not mention it means the family's 8,192. */
  private int chunkTokens() {
    int absent = text.mentions("attention_chunk_size") ? 0 : 8_192;
    return text.integer("attention_chunk_size", 1, 1 << 30, absent);
  }

  // ---- rotary embedding

  private double[] rotary() {
    Optional<ConfigNode> rope =
        text.object("rope_parameters").or(() -> text.object("rope_scaling"));
    double absent = family == Family.LLAMA4 ? 500_000 : 10_000;
    double outside = text.number("rope_theta", 1.0001, 1e15, absent);
    double theta = rope.map(r -> r.number("rope_theta", 1.0001, 1e15, outside)).orElse(outside);
    double[] plain = RotaryFrequencies.plain(theta, headDimension);
    return rope.map(r -> scaled(r, plain)).orElse(plain);
  }

  private static double[] scaled(ConfigNode rope, double[] plain) {
    String key = rope.has("rope_type") ? "rope_type" : "type";
    return switch (rope.text(key, "default")) {
      case "default" -> plain;
      case "llama3" -> llama3(rope, plain);
      default -> throw rope.refuse(key, "\"default\" or \"llama3\"");
    };
  }

  private static double[] llama3(ConfigNode rope, double[] plain) {
    double low = rope.requiredNumber("low_freq_factor", 1e-6, 1e6);
    double high = rope.requiredNumber("high_freq_factor", 1e-6, 1e6);
    if (high < low) {
      throw rope.refuse("high_freq_factor", "at least low_freq_factor = " + low);
    }
    return RotaryFrequencies.llama3(
        plain,
        rope.requiredNumber("factor", 1e-3, 1e6),
        low,
        high,
        rope.requiredInteger("original_max_position_embeddings", 1, 1 << 30));
  }

  // ---- tokens

  private OptionalInt beginToken(ConfigNode generation, int vocabulary) {
    ConfigNode config = generation.has("bos_token_id") ? generation : tokens("bos_token_id");
    return config.has("bos_token_id")
        ? OptionalInt.of(config.integer("bos_token_id", 0, vocabulary - 1, 0))
        : OptionalInt.empty();
  }

  /** Both files may name them; a model stops at any. */
  private List<Integer> stopTokens(ConfigNode generation, int vocabulary) {
    TreeSet<Integer> stops = new TreeSet<>();
    stops.addAll(generation.integers("eos_token_id", 1_000, 0, vocabulary - 1));
    stops.addAll(tokens("eos_token_id").integers("eos_token_id", 1_000, 0, vocabulary - 1));
    return List.copyOf(stops);
  }

  private ConfigNode tokens(String key) {
    JsonNode nested = text.node().path(key);
    return nested.isMissingNode() || nested.isNull() ? top : text;
  }
}
