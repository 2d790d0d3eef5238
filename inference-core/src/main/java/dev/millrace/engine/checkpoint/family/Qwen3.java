package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.checkpoint.ConfigNode;
import dev.millrace.engine.checkpoint.family.TensorNames.Block;
import java.util.Collections;
import java.util.List;

/**
 * Qwen3, dense: Llama with a learnt norm of q and k before the rotation. Heads have a size of their
 * own, so that q may be wider than the model.
 */
final class Qwen3 implements ModelFamily {

  private static final DecoderKeys.Defaults DEFAULTS = new DecoderKeys.Defaults(1e-6, 10_000, 128);

  @Override
  public List<Name> names() {
    return List.of(new Name("Qwen3ForCausalLM", "qwen3"));
  }

  @Override
  public Architecture read(String name, ConfigNode config) {
    DecoderKeys keys = new DecoderKeys(config, DEFAULTS);
    keys.requireFullAttention();
    LayerSpec layer =
        new LayerSpec(
            keys.attention(keys.rotary(Pairing.HALVES), new HeadNorm.Learnt(keys.normEpsilon())),
            new Dense(keys.width("intermediate_size")));
    return keys.architecture(name, Collections.nCopies(keys.layers(), layer));
  }

  @Override
  public TensorNames tensors() {
    return TensorNames.dense(Block.in("mlp"));
  }
}
