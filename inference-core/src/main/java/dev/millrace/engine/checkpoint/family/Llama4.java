package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.FeedForwardSpec;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.checkpoint.ConfigNode;
import dev.millrace.engine.checkpoint.family.TensorNames.Block;
import dev.millrace.engine.checkpoint.family.TensorNames.Experts;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The text models of Llama 4: Scout, Maverick, Guard 4 and dense relatives. Their own uploads put
 * {@code language_model.} before every name and stack all experts of a layer in two tensors; other
 * tools drop the prefix and write one set of linear layers per expert.
 */
final class Llama4 implements ModelFamily {

  private static final DecoderKeys.Defaults DEFAULTS = new DecoderKeys.Defaults(1e-5, 500_000, 0);
  private static final int CHUNK_TOKENS = 8_192;
  private static final int IMAGE_TOKEN = 200_092;
  private static final String WITH_IMAGES = "Llama4ForConditionalGeneration";
  private static final TensorNames TENSORS =
      new TensorNames(
          List.of("language_model.", ""),
          Block.in("feed_forward"),
          "feed_forward.router.weight",
          List.of(
              new Experts.Stacked(
                  "feed_forward.experts.gate_up_proj", "feed_forward.experts.down_proj"),
              new Experts.Apart(Block.in("feed_forward.experts." + TensorNames.EXPERT))),
          List.of(Block.in("feed_forward.shared_expert")));

  @Override
  public List<Name> names() {
    return List.of(new Name(WITH_IMAGES, "llama4"), new Name("Llama4ForCausalLM", "llama4_text"));
  }

  @Override
  public TensorNames tensors() {
    return TENSORS;
  }

  @Override
  public Architecture read(String name, ConfigNode config) {
    DecoderKeys keys = new DecoderKeys(config, DEFAULTS);
    List<FeedForwardSpec> blocks = blocks(keys);
    List<AttentionSpec> attentions = attentions(keys);
    List<LayerSpec> layers = new ArrayList<>();
    for (int i = 0; i < keys.layers(); i++) {
      layers.add(new LayerSpec(attentions.get(i), blocks.get(i)));
    }
    return keys.architecture(name, layers);
  }

  @Override
  public OptionalInt imageToken(String name, ConfigNode config) {
    String key = config.has("image_token_id") ? "image_token_id" : "image_token_index";
    return name.equals(WITH_IMAGES)
        ? OptionalInt.of(config.integer(key, 0, Integer.MAX_VALUE, IMAGE_TOKEN))
        : OptionalInt.empty();
  }

  // ---- feed-forward

  private static List<FeedForwardSpec> blocks(DecoderKeys keys) {
    ConfigNode text = keys.text();
    int experts = text.integer("num_local_experts", 0, DecoderKeys.EXPERTS_MAX, 16);
    int width = keys.width("intermediate_size");
    Dense dense = new Dense(text.integer("intermediate_size_mlp", 1, DecoderKeys.WIDTH_MAX, width));
    BitSet mixes = mixingLayers(keys, experts);
    int topK = experts == 0 ? 0 : text.integer("num_experts_per_tok", 1, experts, 1);
    List<FeedForwardSpec> blocks = new ArrayList<>();
    for (int i = 0; i < keys.layers(); i++) {
      blocks.add(
          mixes.get(i)
              ? new Mixture(experts, topK, width, width, new Router.SigmoidOnInput())
              : dense);
    }
    return blocks;
  }

  /** An explicit list wins, even an empty one; otherwise every {@code step}-th layer. */
  private static BitSet mixingLayers(DecoderKeys keys, int experts) {
    ConfigNode text = keys.text();
    BitSet mixes = new BitSet();
    if (text.has("moe_layers")) {
      for (int layer : text.integers("moe_layers", DecoderKeys.LAYERS_MAX, 0, keys.layers() - 1)) {
        mixes.set(layer);
      }
      if (experts == 0 && !mixes.isEmpty()) {
        throw text.refuse("moe_layers", "none, since num_local_experts is 0");
      }
      return mixes;
    }
    int step = text.integer("interleave_moe_layer_step", 0, DecoderKeys.LAYERS_MAX, 1);
    if (step > 0 && experts > 0) {
      for (int layer = step - 1; layer < keys.layers(); layer += step) {
        mixes.set(layer);
      }
    }
    return mixes;
  }

  // ---- attention

  private static List<AttentionSpec> attentions(DecoderKeys keys) {
    ConfigNode text = keys.text();
    BitSet rotates = rotatingLayers(keys);
    BitSet chunked = chunkedLayers(keys, rotates);
    RotaryEmbedding rotary = keys.rotary(Pairing.INTERLEAVED);
    Visible chunk = chunk(text);
    HeadNorm headNorm =
        text.flag("use_qk_norm", true) ? new HeadNorm.Unit(keys.normEpsilon()) : HeadNorm.NONE;
    Temperature temperature = temperature(text);
    Map<AttentionSpec, AttentionSpec> shared = new HashMap<>();
    List<AttentionSpec> attentions = new ArrayList<>();
    for (int i = 0; i < keys.layers(); i++) {
      Visible visible = chunked.get(i) ? chunk : Visible.FULL;
      AttentionSpec spec =
          rotates.get(i)
              ? keys.attention(rotary, headNorm, visible, Temperature.NONE)
              : keys.attention(RotaryEmbedding.NONE, HeadNorm.NONE, visible, temperature);
      AttentionSpec first = shared.putIfAbsent(spec, spec);
      attentions.add(first == null ? spec : first);
    }
    return attentions;
  }

  private static Temperature temperature(ConfigNode text) {
    return text.flag("attn_temperature_tuning", true)
        ? new Temperature(
            text.number("floor_scale", 1, 1e12, 8_192), text.number("attn_scale", -1e6, 1e6, 0.1))
        : Temperature.NONE;
  }

  /** {@code no_rope_layers} says 1 for a layer that <em>does</em> rotate. */
  private static BitSet rotatingLayers(DecoderKeys keys) {
    ConfigNode text = keys.text();
    List<Integer> listed = text.integers("no_rope_layers", DecoderKeys.LAYERS_MAX, 0, 1);
    BitSet rotates = new BitSet();
    if (listed.isEmpty()) {
      int interval = text.integer("no_rope_layer_interval", 1, 1 << 20, 4);
      for (int i = 0; i < keys.layers(); i++) {
        rotates.set(i, (i + 1) % interval != 0);
      }
      return rotates;
    }
    keys.requireOnePerLayer("no_rope_layers", listed.size());
    for (int i = 0; i < keys.layers(); i++) {
      rotates.set(i, listed.get(i) == 1);
    }
    return rotates;
  }

  private static BitSet chunkedLayers(DecoderKeys keys, BitSet rotates) {
    ConfigNode text = keys.text();
    List<String> types = text.texts("layer_types", DecoderKeys.LAYERS_MAX);
    if (types.isEmpty()) {
      return rotates;
    }
    keys.requireOnePerLayer("layer_types", types.size());
    BitSet chunked = new BitSet();
    for (int i = 0; i < keys.layers(); i++) {
      switch (types.get(i)) {
        case "chunked_attention" -> chunked.set(i);
        case "full_attention" -> {}
        default ->
            throw text.refuse(
                "layer_types", "chunked_attention or full_attention", '"' + types.get(i) + '"');
      }
    }
    return chunked;
  }

  /** Null turns chunking off; a file that does not mention it means the family's 8,192. */
  private static Visible chunk(ConfigNode text) {
    int absent = text.mentions("attention_chunk_size") ? 0 : CHUNK_TOKENS;
    int tokens = text.integer("attention_chunk_size", 1, 1 << 30, absent);
    return tokens == 0 ? Visible.FULL : new Visible.Chunk(tokens);
  }
}
