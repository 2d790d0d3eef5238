package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.checkpoint.ConfigNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads frequencies of rotary embeddings from their old keys and their new ones. Stateless. */
final class RopeReader {

  private RopeReader() {}

  /**
   * Inverse frequencies [dimension / 2] after scaling. Where old and new keys are both there, the
   * old ones hold, as in the model authors' code.
   *
   * @param thetaAbsent theta of the family
   */
  static double[] frequencies(ConfigNode text, int dimension, double thetaAbsent) {
    Optional<ConfigNode> rope =
        text.object("rope_scaling").or(() -> text.object("rope_parameters"));
    double outside = text.number("rope_theta", 1.0001, 1e15, thetaAbsent);
    double theta = rope.map(r -> r.number("rope_theta", 1.0001, 1e15, outside)).orElse(outside);
    double[] plain = RotaryFrequencies.plain(theta, dimension);
    return rope.map(r -> scaled(r, plain)).orElse(plain);
  }

  private static double[] scaled(ConfigNode rope, double[] plain) {
    String key = rope.has("rope_type") ? "rope_type" : "type";
    return switch (rope.text(key, "default")) {
      case "default" -> plain;
      case "llama3" -> llama3(rope, plain);
      case "longrope" -> divided(rope, plain);
      default -> throw rope.refuse(key, "\"default\", \"llama3\" or \"longrope\"");
    };
  }

  /** A divisor for each frequency, of which short and long texts have the same here. */
  private static double[] divided(ConfigNode rope, double[] plain) {
    List<Double> factors = rope.numbers("long_factor", 65_536, 1e-6, 1e6);
    if (factors.size() != plain.length) {
      throw rope.refuse(
          "long_factor", String.format(Locale.ROOT, "a list of %d numbers", plain.length));
    }
    if (!factors.equals(rope.numbers("short_factor", 65_536, 1e-6, 1e6))) {
      throw rope.refuse(
          "short_factor", "the same as long_factor: factors by length are not supported");
    }
    if (rope.requiredNumber("attention_factor", 1e-6, 1e6) != 1) {
      throw rope.refuse("attention_factor", "1: scaled attention is not supported");
    }
    double[] divided = plain.clone();
    for (int j = 0; j < divided.length; j++) {
      divided[j] /= factors.get(j);
    }
    return divided;
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
}
