package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.FeedForwardSpec;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.checkpoint.ConfigNode;
import dev.millrace.engine.checkpoint.family.TensorNames.Block;
import dev.millrace.engine.checkpoint.family.TensorNames.Experts;
import java.util.ArrayList;
import java.util.List;

/** Qwen3 with experts: attention as in {@link Qwen3}, a mixture without a shared expert. */
final class Qwen3Moe implements ModelFamily {

  private static final DecoderKeys.Defaults DEFAULTS = new DecoderKeys.Defaults(1e-6, 10_000, 0);
  private static final TensorNames TENSORS =
      new TensorNames(
          List.of(""),
          Block.in("mlp"),
          "mlp.gate.weight",
          List.of(new Experts.Apart(Block.in("mlp.experts." + TensorNames.EXPERT))),
          List.of());

  @Override
  public List<Name> names() {
    return List.of(new Name("Qwen3MoeForCausalLM", "qwen3_moe"));
  }

  @Override
  public TensorNames tensors() {
    return TENSORS;
  }

  @Override
  public Architecture read(String name, ConfigNode config) {
    DecoderKeys keys = new DecoderKeys(config, DEFAULTS);
    keys.requireFullAttention();
    AttentionSpec attention =
        keys.attention(keys.rotary(Pairing.HALVES), new HeadNorm.Learnt(keys.normEpsilon()));
    ConfigNode text = keys.text();
    // the hub's key, and that of the model authors' newer code
    String key = text.has("num_experts") ? "num_experts" : "num_local_experts";
    int experts = text.requiredInteger(key, 0, DecoderKeys.EXPERTS_MAX);
    int step = text.integer("decoder_sparse_step", 1, DecoderKeys.LAYERS_MAX, 1);
    List<Integer> dense =
        text.integers("mlp_only_layers", DecoderKeys.LAYERS_MAX, 0, DecoderKeys.LAYERS_MAX);
    List<LayerSpec> layers = new ArrayList<>();
    for (int i = 0; i < keys.layers(); i++) {
      boolean mixes = experts > 0 && !dense.contains(i) && (i + 1) % step == 0;
      FeedForwardSpec block =
          mixes ? mixture(keys, experts) : new Dense(keys.width("intermediate_size"));
      layers.add(new LayerSpec(attention, block));
    }
    return keys.architecture(name, layers);
  }

  private static Mixture mixture(DecoderKeys keys, int experts) {
    return new Mixture(
        experts,
        keys.text().requiredInteger("num_experts_per_tok", 1, experts),
        keys.width("moe_intermediate_size"),
        0,
        new Router.SoftmaxOnOutput(keys.text().flag("norm_topk_prob", false)));
  }
}
