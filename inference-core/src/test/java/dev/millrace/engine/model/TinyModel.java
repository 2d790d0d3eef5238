package dev.millrace.engine.model;

import dev.millrace.engine.checkpoint.SafetensorsWriter;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import dev.millrace.engine.tensor.TestTensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A random Llama 4 model for tests, the same for the same seed: a few hundred kilobytes with every
 * kind of layer. Chunks and floors are tiny, so that short sequences cross every boundary. It has
 * no tokenizer.
 *
 * @param seed of the weights
 * @param layers number of layers; every fourth has no rotary embedding
 * @param hidden hidden size
 * @param experts experts of MoE layers; every second layer is one
 * @param vocabulary vocabulary size
 * @param contextTokens longest context
 * @param chunkTokens chunk of the layers with rotary embedding
 * @param headDimension elements of a head
 */
public record TinyModel(
    long seed,
    int layers,
    int hidden,
    int experts,
    int vocabulary,
    int contextTokens,
    int chunkTokens,
    int headDimension) {

  private static final int QUERY_HEADS = 4;
  private static final int KV_HEADS = 2;

  /** With small heads. */
  public TinyModel(
      long seed,
      int layers,
      int hidden,
      int experts,
      int vocabulary,
      int contextTokens,
      int chunkTokens) {
    this(seed, layers, hidden, experts, vocabulary, contextTokens, chunkTokens, 16);
  }

  /** The usual one. */
  public static TinyModel ofSeed(long seed) {
    return new TinyModel(seed, 4, 64, 4, 96, 1024, 16);
  }

  /** The same with heads of another size. */
  public TinyModel withHeads(int dimension) {
    return new TinyModel(
        seed, layers, hidden, experts, vocabulary, contextTokens, chunkTokens, dimension);
  }

  /** Writes configuration and weights, bf16, into a directory that exists. */
  public Path writeTo(Path directory) {
    try {
      Files.writeString(directory.resolve("config.json"), config());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SafetensorsWriter.write(directory.resolve("model.safetensors"), tensors(), Map.of());
    return directory;
  }

  private String config() {
    return String.format(
        Locale.ROOT,
        """
        {"architectures": ["Llama4ForCausalLM"], "model_type": "llama4_text",
         "vocab_size": %d, "hidden_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
         "intermediate_size": %d, "intermediate_size_mlp": %d, "num_local_experts": %d,
         "num_experts_per_tok": 1, "interleave_moe_layer_step": 2, "use_qk_norm": true,
         "no_rope_layer_interval": 4, "attention_chunk_size": %d, "max_position_embeddings": %d,
         "attn_temperature_tuning": true, "floor_scale": 8, "attn_scale": 0.1,
         "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
         "rms_norm_eps": 1e-05, "bos_token_id": 0, "eos_token_id": 1,
         "tie_word_embeddings": false, "dtype": "bfloat16"}
        """,
        vocabulary,
        hidden,
        layers,
        QUERY_HEADS,
        KV_HEADS,
        headDimension,
        hidden / 2,
        hidden,
        experts,
        chunkTokens,
        contextTokens);
  }

  private List<Tensor> tensors() {
    Maker maker = new Maker(new SplittableRandom(seed));
    maker.linear("model.embed_tokens.weight", 1, vocabulary, hidden);
    for (int i = 0; i < layers; i++) {
      String layer = "model.layers." + i + ".";
      maker.norm(layer + "input_layernorm.weight", hidden);
      int queries = QUERY_HEADS * headDimension;
      int keys = KV_HEADS * headDimension;
      maker.linear(layer + "self_attn.q_proj.weight", hidden, queries, hidden);
      maker.linear(layer + "self_attn.k_proj.weight", hidden, keys, hidden);
      maker.linear(layer + "self_attn.v_proj.weight", hidden, keys, hidden);
      maker.linear(layer + "self_attn.o_proj.weight", queries, hidden, queries);
      maker.norm(layer + "post_attention_layernorm.weight", hidden);
      if (i % 2 == 1) {
        String block = layer + "feed_forward.";
        maker.linear(block + "router.weight", hidden / 4, experts, hidden);
        maker.linear(block + "experts.gate_up_proj", hidden, experts, hidden, hidden);
        maker.linear(block + "experts.down_proj", hidden / 2, experts, hidden / 2, hidden);
        maker.swiglu(block + "shared_expert.", hidden, hidden / 2);
      } else {
        maker.swiglu(layer + "feed_forward.", hidden, hidden);
      }
    }
    maker.norm("model.norm.weight", hidden);
    maker.linear("lm_head.weight", hidden / 4, vocabulary, hidden);
    return maker.tensors;
  }

  /** Collects tensors. */
  private static final class Maker {
    private final SplittableRandom random;
    private final List<Tensor> tensors = new ArrayList<>();

    Maker(SplittableRandom random) {
      this.random = random;
    }

    /** Deviation chosen so that outputs are about as large as inputs. */
    void linear(String name, int fanIn, long... shape) {
      add(name, TestTensors.random(random, DType.BF16, 1 / Math.sqrt(fanIn), shape));
    }

    void norm(String name, int size) {
      float[] values = new float[size];
      for (int i = 0; i < size; i++) {
        values[i] = (float) (1 + 0.1 * random.nextGaussian());
      }
      add(name, TestTensors.of(DType.BF16, Shape.of(size), values));
    }

    void swiglu(String name, int hidden, int width) {
      linear(name + "gate_proj.weight", hidden, width, hidden);
      linear(name + "up_proj.weight", hidden, width, hidden);
      linear(name + "down_proj.weight", width, hidden, width);
    }

    private void add(String name, Tensor tensor) {
      tensors.add(new Tensor(name, tensor.type(), tensor.shape(), tensor.data()));
    }
  }
}
