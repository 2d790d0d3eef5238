package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.checkpoint.ConfigNode;
import dev.millrace.engine.checkpoint.family.TensorNames.Block;
import java.util.Collections;
import java.util.List;

/** Mistral, dense: Llama whose rows see a window of positions in every layer. */
final class Mistral implements ModelFamily {

  private static final DecoderKeys.Defaults DEFAULTS = new DecoderKeys.Defaults(1e-6, 10_000, 0);
  private static final int WINDOW_TOKENS = 4_096;

  @Override
  public List<Name> names() {
    return List.of(new Name("MistralForCausalLM", "mistral"));
  }

  @Override
  public Architecture read(String name, ConfigNode config) {
    DecoderKeys keys = new DecoderKeys(config, DEFAULTS);
    LayerSpec layer =
        new LayerSpec(
            keys.attention(
                keys.rotary(Pairing.HALVES),
                HeadNorm.NONE,
                keys.window(WINDOW_TOKENS),
                Temperature.NONE),
            new Dense(keys.width("intermediate_size")));
    return keys.architecture(name, Collections.nCopies(keys.layers(), layer));
  }

  @Override
  public TensorNames tensors() {
    return TensorNames.dense(Block.in("mlp"));
  }
}
