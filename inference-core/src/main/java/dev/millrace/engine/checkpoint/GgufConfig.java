package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.gguf.BlockType;
import dev.millrace.engine.gguf.GgufException;
import dev.millrace.engine.gguf.GgufException.Kind;
import dev.millrace.engine.gguf.GgufFile;
import dev.millrace.engine.gguf.GgufMetadata;
import dev.millrace.engine.gguf.GgufTensor;
import dev.millrace.engine.gguf.GgufVocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A GGUF file's metadata as the config.json that the same model has in Hugging Face's layout, so
 * that one set of rules reads both.
 *
 * @param kind which rules hold
 * @param json the configuration
 * @param config what it comes to
 */
record GgufConfig(Kinds kind, ObjectNode json, ModelConfig config) {

  private static final String ROPE_FACTORS = "rope_freqs.weight";
  private static final int HEADS_MAX = 4_096;
  private static final int LAYERS_MAX = 1_000;
  private static final int WIDTH_MAX = 1 << 20;
  private static final int EXPERTS_MAX = 4_096;

  /** Layers of Llama 4 that do not rotate, and how many positions a chunk has: not in the file. */
  private static final int CHUNK_TOKENS = 8_192;

  /** Maverick has so many experts, and no norm of q and k. */
  private static final int EXPERTS_WITHOUT_HEAD_NORM = 128;

  /** What {@code general.architecture} may be. */
  enum Kinds {
    LLAMA("llama", "LlamaForCausalLM", "llama", true),
    LLAMA4("llama4", "Llama4ForCausalLM", "llama4_text", false),
    QWEN3("qwen3", "Qwen3ForCausalLM", "qwen3", false),
    QWEN3MOE("qwen3moe", "Qwen3MoeForCausalLM", "qwen3_moe", false);

    private final String name;
    private final String architecture;
    private final String modelType;
    private final boolean permuted;

    Kinds(String name, String architecture, String modelType, boolean permuted) {
      this.name = name;
      this.architecture = architecture;
      this.modelType = modelType;
      this.permuted = permuted;
    }

    /** Whether rows of q and k are stored pair by pair, not half by half. */
    boolean permuted() {
      return permuted;
    }
  }

  /**
   * Reads a file's metadata.
   *
   * @throws GgufException naming key, found and expected
   */
  static GgufConfig read(GgufFile file) {
    String name =
        file.metadata()
            .text("general.architecture")
            .orElseThrow(() ->
                new GgufException(
                    Kind.ARCHITECTURE, file.path(), "metadata general.architecture is missing"));
    Kinds kind =
        Arrays.stream(Kinds.values())
            .filter(candidate -> candidate.name.equals(name))
            .findFirst()
            .orElseThrow(() -> unsupported(file, name));
    ObjectNode json = new Reader(file, kind).json();
    List<String> types =
        file.tensors().stream()
            .filter(tensor -> tensor.extents().size() > 1)
            .map(tensor -> tensor.type().name())
            .distinct()
            .sorted()
            .toList();
    ModelConfig config =
        ModelConfigReader.of(file.path(), json)
            .withQuantisation("gguf " + String.join(", ", types));
    return new GgufConfig(kind, json, config);
  }

  private static GgufException unsupported(GgufFile file, String name) {
    return new GgufException(
        Kind.ARCHITECTURE,
        file.path(),
        "the architecture %s is not supported; expected %s"
            .formatted(
                JsonFile.abbreviate(name),
                String.join(", ", Arrays.stream(Kinds.values()).map(kind -> kind.name).toList())));
  }

  /** Reads the keys of one architecture. */
  private record Reader(GgufFile file, Kinds kind) {

    ObjectNode json() {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      json.putArray("architectures").add(kind.architecture);
      json.put("model_type", kind.modelType);
      int hidden = required("embedding_length", WIDTH_MAX);
      json.put("hidden_size", hidden);
      json.put("num_hidden_layers", required("block_count", LAYERS_MAX));
      putHeads(json, hidden);
      json.put("rms_norm_eps", file.metadata().requiredNumber(key(EPSILON), 1e-12, 1e-1));
      json.put("max_position_embeddings", required("context_length", 1 << 30));
      json.put("vocab_size", vocabulary(hidden));
      json.put("tie_word_embeddings", file.find("output.weight").isEmpty());
      putBlocks(json);
      putTokens(json);
      return json;
    }

    private static final String EPSILON = "attention.layer_norm_rms_epsilon";

    private String key(String name) {
      return kind.name + "." + name;
    }

    private int required(String name, int max) {
      return file.metadata().requiredInteger(key(name), 1, max);
    }

    private int optional(String name, int min, int max, int absent) {
      return file.metadata().integer(key(name), min, max).orElse(absent);
    }

    // ---- attention

    private void putHeads(ObjectNode json, int hidden) {
      GgufMetadata metadata = file.metadata();
      int heads = required("attention.head_count", HEADS_MAX);
      int kvHeads = optional("attention.head_count_kv", 1, HEADS_MAX, heads);
      if (heads % kvHeads != 0) {
        throw metadata.value(
            key("attention.head_count_kv"),
            String.format(Locale.ROOT, "a divisor of head_count = %d", heads),
            Integer.toString(kvHeads));
      }
      int width = optional("attention.key_length", 2, 65_536, hidden / heads);
      requireSame("attention.value_length", width);
      requireSame("rope.dimension_count", width);
      if (width < 2 || width % 2 != 0) {
        throw metadata.value(
            key("attention.key_length"), "an even number", Integer.toString(width));
      }
      json.put("num_attention_heads", heads);
      json.put("num_key_value_heads", kvHeads);
      json.put("head_dim", width);
      json.put("rope_theta", metadata.number(key("rope.freq_base"), 1.0001, 1e15).orElse(10_000.0));
      requireUnscaled();
      file.find(ROPE_FACTORS).ifPresent(factors -> putFactors(json, factors, width / 2));
      if (kind == Kinds.LLAMA4) {
        putChunks(json);
      } else if (optional("attention.sliding_window", 0, Integer.MAX_VALUE, 0) > 0) {
        throw metadata.value(
            key("attention.sliding_window"), "none; it is not supported", "a window");
      }
    }

    private void requireSame(String name, int width) {
      int found = optional(name, 0, 65_536, width);
      if (found != width) {
        throw file.metadata()
            .value(
                key(name),
                String.format(Locale.ROOT, "%d, the width of a head", width),
                Integer.toString(found));
      }
    }

    private void requireUnscaled() {
      GgufMetadata metadata = file.metadata();
      String type = metadata.text(key("rope.scaling.type")).orElse("none");
      if (!type.equals("none") && !type.equals("linear")) {
        throw metadata.value(key("rope.scaling.type"), "none; others are not supported", type);
      }
      for (String name : List.of("rope.scaling.factor", "rope.scale_linear")) {
        double factor = metadata.number(key(name), 0, 1e9).orElse(1.0);
        if (factor != 1 && factor != 0) {
          throw metadata.value(
              key(name), "1: scaling by a key is not supported", Double.toString(factor));
        }
      }
    }

    /** A divisor for each frequency; Hugging Face has a type of scaling that says just that. */
    private void putFactors(ObjectNode json, GgufTensor tensor, int pairs) {
      if (tensor.extents().size() != 1
          || tensor.width() != pairs
          || tensor.type() != BlockType.F32) {
        throw new GgufException(
            Kind.SHAPE,
            file.path(),
            String.format(
                Locale.ROOT,
                "tensor %s is %s %s, expected F32 [%d]",
                ROPE_FACTORS,
                tensor.type(),
                tensor.extents(),
                pairs));
      }
      float[] factors = new float[pairs];
      tensor.readRow(0, factors);
      ArrayNode list = JsonNodeFactory.instance.arrayNode();
      for (float factor : factors) {
        if (!(factor >= 1e-6 && factor <= 1e6)) {
          throw new GgufException(
              Kind.METADATA_VALUE,
              file.path(),
              "tensor %s has the value %s, expected 1e-6 to 1e6".formatted(ROPE_FACTORS, factor));
        }
        list.add((double) factor);
      }
      ObjectNode scaling = json.putObject("rope_scaling");
      scaling.put("rope_type", "longrope").put("attention_factor", 1.0).put("factor", 1.0);
      scaling.put("original_max_position_embeddings", required("context_length", 1 << 30));
      scaling.set("short_factor", list);
      scaling.set("long_factor", list);
    }

    /** A window of 0 turns chunks, layers that do not rotate and the temperature off. */
    private void putChunks(ObjectNode json) {
      boolean off =
          file.metadata().has(key("attention.sliding_window"))
              && optional("attention.sliding_window", 0, Integer.MAX_VALUE, 0) == 0;
      if (off) {
        json.putNull("attention_chunk_size");
        json.put("no_rope_layer_interval", LAYERS_MAX + 1);
      } else {
        json.put("attention_chunk_size", CHUNK_TOKENS);
        json.put("no_rope_layer_interval", 4);
      }
      json.put("attn_temperature_tuning", !off);
      json.put("floor_scale", CHUNK_TOKENS);
      json.put("attn_scale", 0.1);
    }

    // ---- feed-forward

    private void putBlocks(ObjectNode json) {
      GgufMetadata metadata = file.metadata();
      int experts = optional("expert_count", 0, EXPERTS_MAX, 0);
      int used = optional("expert_used_count", 0, EXPERTS_MAX, 0);
      if (used > experts || (experts > 0 && used == 0)) {
        throw metadata.value(
            key("expert_used_count"),
            String.format(Locale.ROOT, "1 to expert_count = %d", experts),
            Integer.toString(used));
      }
      if (experts == 0) {
        json.put("intermediate_size", required("feed_forward_length", WIDTH_MAX));
      }
      switch (kind) {
        case QWEN3, LLAMA -> {
          if (experts > 0) {
            throw new GgufException(
                Kind.ARCHITECTURE,
                file.path(),
                "the architecture %s with experts is not supported, only without"
                    .formatted(kind.name));
          }
        }
        case LLAMA4 -> {
          json.put("num_local_experts", experts).put("num_experts_per_tok", used);
          json.put(
              "interleave_moe_layer_step", optional("interleave_moe_layer_step", 0, LAYERS_MAX, 1));
          json.put("use_qk_norm", experts != EXPERTS_WITHOUT_HEAD_NORM);
          json.put("intermediate_size_mlp", required("feed_forward_length", WIDTH_MAX));
          if (experts > 0) {
            json.put("intermediate_size", required("expert_feed_forward_length", WIDTH_MAX));
          }
        }
        case QWEN3MOE -> {
          if (experts == 0) {
            throw metadata.value(key("expert_count"), "at least 1", "0");
          }
          json.put("num_experts", experts).put("num_experts_per_tok", used);
          json.put("norm_topk_prob", true).put("decoder_sparse_step", 1);
          json.putArray("mlp_only_layers");
          json.put("moe_intermediate_size", required("expert_feed_forward_length", WIDTH_MAX));
          json.put("intermediate_size", required("feed_forward_length", WIDTH_MAX));
        }
      }
    }

    // ---- tokens

    /** Rows of the embedding table, of which every token has one. */
    private int vocabulary(int hidden) {
      GgufTensor table =
          file.find("token_embd.weight")
              .orElseThrow(() ->
                  new GgufException(
                      Kind.TENSOR_MISSING, file.path(), "tensor token_embd.weight is missing"));
      int tokens = file.metadata().texts("tokenizer.ggml.tokens").size();
      int said = optional("vocab_size", 1, 1 << 24, tokens);
      boolean sound =
          table.extents().size() == 2
              && table.width() == hidden
              && table.rows() <= 1 << 24
              && (tokens == 0 || table.rows() == tokens)
              && (said == 0 || table.rows() == said);
      if (!sound) {
        throw new GgufException(
            Kind.SHAPE,
            file.path(),
            String.format(
                Locale.ROOT,
                "tensor token_embd.weight has the shape %s, expected a row of %d for each of %,d"
                    + " tokens (vocab_size %,d)",
                table.extents(),
                hidden,
                tokens,
                said));
      }
      return Math.toIntExact(table.rows());
    }

    private void putTokens(ObjectNode json) {
      if (file.metadata().texts("tokenizer.ggml.tokens").isEmpty()) {
        return;
      }
      GgufVocabulary vocabulary = GgufVocabulary.read(file);
      Optional.ofNullable(vocabulary.named().get("bos"))
          .ifPresent(id -> json.put("bos_token_id", id));
      ArrayNode ends = json.putArray("eos_token_id");
      vocabulary.ends().forEach(ends::add);
    }
  }
}
