package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.checkpoint.ConfigNode;
import java.util.List;
import java.util.Locale;

/** The keys that configurations of decoders have in common. Immutable. */
final class DecoderKeys {

  static final int LAYERS_MAX = 1_000;
  static final int WIDTH_MAX = 1 << 20;
  static final int EXPERTS_MAX = 4_096;
  private static final int HEADS_MAX = 4_096;
  private static final int VOCABULARY_MAX = 1 << 24;

  private final ConfigNode config;
  private final ConfigNode text;
  private final Defaults defaults;
  private final int layers;
  private final int hiddenSize;
  private final int heads;
  private final int kvHeads;
  private final int headDimension;
  private final float epsilon;

  /**
   * What a family means when a file does not say.
   *
   * @param normEpsilon of every norm
   * @param theta of the rotary embedding
   * @param headDimension D; 0: hidden size by heads
   */
  record Defaults(double normEpsilon, double theta, int headDimension) {}

  /**
   * Reads extents, and refuses activations and biases that no family here has.
   *
   * @param config the whole of config.json
   */
  DecoderKeys(ConfigNode config, Defaults defaults) {
    this.config = config;
    this.text = text(config);
    this.defaults = defaults;
    layers = text.requiredInteger("num_hidden_layers", 1, LAYERS_MAX);
    hiddenSize = text.requiredInteger("hidden_size", 1, WIDTH_MAX);
    heads = text.requiredInteger("num_attention_heads", 1, HEADS_MAX);
    kvHeads = text.integer("num_key_value_heads", 1, HEADS_MAX, heads);
    if (heads % kvHeads != 0) {
      throw text.refuse(
          "num_key_value_heads",
          String.format(Locale.ROOT, "a divisor of num_attention_heads = %d", heads));
    }
    int absent = defaults.headDimension == 0 ? hiddenSize / heads : defaults.headDimension;
    headDimension = text.integer("head_dim", 2, 65_536, absent);
    if (headDimension < 2 || headDimension % 2 != 0) {
      throw text.refuse("head_dim", "an even number", Integer.toString(headDimension));
    }
    epsilon = (float) text.number("rms_norm_eps", 1e-12, 1e-1, defaults.normEpsilon);
    refuseUnsupported();
  }

  /** The part of a configuration that is about text. */
  static ConfigNode text(ConfigNode config) {
    return config.object("text_config").orElse(config);
  }

  private void refuseUnsupported() {
    if (!text.text("hidden_act", "silu").equals("silu")) {
      throw text.refuse("hidden_act", "\"silu\"");
    }
    for (String bias : List.of("attention_bias", "mlp_bias")) {
      requireOff(bias, "layers with biases");
    }
  }

  /** Refuses a key that is switched on. */
  void requireOff(String key, String what) {
    if (text.flag(key, false)) {
      throw text.refuse(key, "false: " + what + " are not supported");
    }
  }

  /** Refuses layers that see less than everything before; a window that is off does not count. */
  void requireFullAttention() {
    List<String> types = text.texts("layer_types", LAYERS_MAX);
    if (types.isEmpty()) {
      requireOff("use_sliding_window", "sliding windows");
      return;
    }
    requireOnePerLayer("layer_types", types.size());
    for (String type : types) {
      if (!type.equals("full_attention")) {
        throw text.refuse("layer_types", "full_attention in all layers", '"' + type + '"');
      }
    }
  }

  /**
   * What all layers see: a window, or everything where the key is null.
   *
   * @param absent tokens of the window where the file does not mention it
   */
  Visible window(int absent) {
    int unsaid = text.mentions("sliding_window") ? 0 : absent;
    int tokens = text.integer("sliding_window", 1, 1 << 30, unsaid);
    return tokens == 0 ? Visible.FULL : new Visible.Window(tokens);
  }

  ConfigNode text() {
    return text;
  }

  int layers() {
    return layers;
  }

  float normEpsilon() {
    return epsilon;
  }

  /** A width that must be there. */
  int width(String key) {
    return text.requiredInteger(key, 1, WIDTH_MAX);
  }

  /** Checks a list that has an entry for each layer. */
  void requireOnePerLayer(String key, int found) {
    if (found != layers) {
      throw text.refuse(key, String.format(Locale.ROOT, "one entry for each of %d layers", layers));
    }
  }

  RotaryEmbedding rotary(Pairing pairing) {
    return new RotaryEmbedding(
        RopeReader.frequencies(text, headDimension, defaults.theta), pairing);
  }

  /** Attention over everything before, without a temperature. */
  AttentionSpec attention(RotaryEmbedding rotary, HeadNorm headNorm) {
    return attention(rotary, headNorm, Visible.FULL, Temperature.NONE);
  }

  AttentionSpec attention(
      RotaryEmbedding rotary, HeadNorm headNorm, Visible visible, Temperature temperature) {
    return new AttentionSpec(heads, kvHeads, headDimension, rotary, headNorm, visible, temperature);
  }

  /** Puts the parts together. */
  Architecture architecture(String name, List<LayerSpec> specs) {
    return new Architecture(
        name,
        hiddenSize,
        text.requiredInteger("vocab_size", 1, VOCABULARY_MAX),
        text.requiredInteger("max_position_embeddings", 1, 1 << 30),
        epsilon,
        text.flag("tie_word_embeddings", config.flag("tie_word_embeddings", false)),
        specs);
  }
}
