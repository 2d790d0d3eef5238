package dev.millrace.cli.bench.engine;

import dev.millrace.engine.checkpoint.SafetensorsWriter;
import dev.millrace.engine.checkpoint.TensorInfo;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A Llama 4 mixture of experts with random weights in Hugging Face layout: as much work as a real
 * model of its size, and nothing to download. The same seed gives the same file.
 *
 * @param seed of the weights
 * @param hidden hidden size
 * @param layers layers, each a mixture of experts
 * @param queryHeads query heads of 128
 * @param kvHeads key-value heads of 128
 * @param experts experts of each layer, one chosen per token, and one shared
 * @param width feed-forward width of an expert
 * @param vocabulary tokens
 */
record RandomModel(
    long seed,
    int hidden,
    int layers,
    int queryHeads,
    int kvHeads,
    int experts,
    int width,
    int vocabulary) {

  /** 455 million parameters, 69 million of them active for a token. */
  static final RandomModel BENCH = new RandomModel(7, 1024, 4, 8, 2, 16, 2048, 8260);

  private static final int HEAD = 128;
  private static final String CHAT_TEMPLATE =
      "{% for message in messages %}{{ message['content'] }}{% endfor %}";
  private static final int BYTES = 256;
  private static final int CONTEXT = 8192;
  private static final double DEVIATION = 0.02;
  private static final int PIECE = 1 << 20;

  /** Writes configuration, tokenizer and weights into a directory that exists. */
  void writeTo(Path directory) {
    try {
      Files.writeString(directory.resolve("config.json"), config());
      Files.writeString(directory.resolve("tokenizer.json"), tokenizer());
      Files.writeString(directory.resolve("chat_template.jinja"), CHAT_TEMPLATE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the random model to " + directory, e);
    }
    List<TensorInfo> tensors = tensors();
    try (SafetensorsWriter writer =
            SafetensorsWriter.create(
                directory.resolve("model.safetensors"), tensors, Map.of("format", "pt"));
        Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate((long) PIECE * DType.BF16.bytes(), 64);
      SplittableRandom random = new SplittableRandom(seed);
      for (TensorInfo tensor : tensors) {
        append(writer, tensor, piece, random);
      }
      writer.finish();
    }
  }

  private static void append(
      SafetensorsWriter writer, TensorInfo tensor, MemorySegment piece, SplittableRandom random) {
    boolean norm = tensor.name().endsWith("norm.weight");
    // uniform: the sum over a row is what matters, and it is normal either way
    double bound = Math.sqrt(3) * (tensor.name().contains("embed") ? 1 : DEVIATION);
    for (long done = 0; done < tensor.shape().elements(); done += PIECE) {
      int count = (int) Math.min(PIECE, tensor.shape().elements() - done);
      for (int i = 0; i < count; i++) {
        float value = norm ? 1f : (float) ((random.nextInt() * 0x1p-31) * bound);
        piece.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToIntBits(value) >>> 16));
      }
      writer.append(piece.asSlice(0, (long) count * DType.BF16.bytes()));
    }
  }

  private List<TensorInfo> tensors() {
    List<TensorInfo> all = new ArrayList<>();
    add(all, "model.embed_tokens.weight", vocabulary, hidden);
    for (int i = 0; i < layers; i++) {
      String layer = "model.layers." + i + ".";
      add(all, layer + "input_layernorm.weight", hidden);
      add(all, layer + "self_attn.q_proj.weight", (long) queryHeads * HEAD, hidden);
      add(all, layer + "self_attn.k_proj.weight", (long) kvHeads * HEAD, hidden);
      add(all, layer + "self_attn.v_proj.weight", (long) kvHeads * HEAD, hidden);
      add(all, layer + "self_attn.o_proj.weight", hidden, (long) queryHeads * HEAD);
      add(all, layer + "post_attention_layernorm.weight", hidden);
      String block = layer + "feed_forward.";
      add(all, block + "router.weight", experts, hidden);
      add(all, block + "experts.gate_up_proj", experts, hidden, 2L * width);
      add(all, block + "experts.down_proj", experts, width, hidden);
      add(all, block + "shared_expert.gate_proj.weight", width, hidden);
      add(all, block + "shared_expert.up_proj.weight", width, hidden);
      add(all, block + "shared_expert.down_proj.weight", hidden, width);
    }
    add(all, "model.norm.weight", hidden);
    add(all, "lm_head.weight", vocabulary, hidden);
    return all;
  }

  private static void add(List<TensorInfo> all, String name, long... extents) {
    all.add(new TensorInfo(name, DType.BF16, Shape.of(extents)));
  }

  private String config() {
    return String.format(
        Locale.ROOT,
        """
        {"architectures": ["Llama4ForCausalLM"], "model_type": "llama4_text",
         "vocab_size": %d, "hidden_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
         "intermediate_size": %d, "intermediate_size_mlp": %d, "num_local_experts": %d,
         "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "use_qk_norm": true,
         "no_rope_layer_interval": 4, "attention_chunk_size": 8192,
         "max_position_embeddings": %d, "attn_temperature_tuning": true, "floor_scale": 8192,
         "attn_scale": 0.1, "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
         "rms_norm_eps": 1e-05, "bos_token_id": 0, "eos_token_id": 1, "hidden_act": "silu",
         "tie_word_embeddings": false, "dtype": "bfloat16"}
        """,
        vocabulary,
        hidden,
        layers,
        queryHeads,
        kvHeads,
        HEAD,
        width,
        2 * width,
        experts,
        CONTEXT);
  }

  /** Bytes, then words that no text has: ids are what the measurement sends. */
  private String tokenizer() {
    StringBuilder words = new StringBuilder();
    int shifted = 0;
    for (int i = 0; i < vocabulary; i++) {
      words.append(i == 0 ? "" : ", ").append('"');
      if (i >= BYTES) {
        words.append("token").append(i);
      } else if ((i > ' ' && i < 0x7f) || (i > 0xa0 && i != 0xad)) {
        words.append(i == '"' || i == '\\' ? "\\" : "").append((char) i);
      } else {
        words.append((char) (BYTES + shifted++));
      }
      words.append("\": ").append(i);
    }
    return """
    {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
     "normalizer": null,
     "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                       "use_regex": true},
     "post_processor": null,
     "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                 "use_regex": true},
     "model": {"type": "BPE", "dropout": null, "unk_token": null,
               "continuing_subword_prefix": null, "end_of_word_suffix": null,
               "fuse_unk": false, "byte_fallback": false, "vocab": {%s}, "merges": []}}
    """
        .formatted(words);
  }
}
