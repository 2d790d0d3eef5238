package dev.millrace.engine.backend.reference;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeWeights;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Router, experts and shared expert of one layer. Owned by the engine thread. */
final class MoeBlock implements MoeWeights {

  private final HostMatrix router;
  private final List<SwiGlu> experts;
  private final Optional<SwiGlu> shared;
  private final Router rule;
  private final int topK;

  MoeBlock(MoeSource source) {
    router = new HostMatrix(List.of(source.router()));
    experts = source.experts().stream().map(MoeBlock::expert).toList();
    shared = source.sharedExpert().map(MoeBlock::expert);
    rule = source.rule();
    topK = source.topK();
  }

  private static SwiGlu expert(MoeSource.Expert source) {
    return new SwiGlu(source.gate(), source.up(), source.down());
  }

  /** {@code out += shared(in) + the chosen experts, weighed by the rule}, one row. */
  void applyAdd(double[] in, int inAt, double[] out, int outAt) {
    double[] logits = new double[router.outputs()];
    router.apply(in, inAt, logits, 0);
    boolean[] chosen = largest(logits, topK);
    shared.ifPresent(expert -> expert.applyAdd(in, inAt, out, outAt));
    switch (rule) {
      case Router.SigmoidOnInput() -> addOfScaledInputs(logits, chosen, in, inAt, out, outAt);
      case Router.SoftmaxOnOutput(boolean normalised) -> {
        double[] parts = logits.clone();
        Attention.softmax(parts);
        addScaledOutputs(
            normalised ? normalised(parts, chosen) : parts, chosen, in, inAt, out, outAt);
      }
    }
  }

  /** {@code out += sum over the chosen of expert(sigmoid(logit) * in)}. */
  private void addOfScaledInputs(
      double[] logits, boolean[] chosen, double[] in, int inAt, double[] out, int outAt) {
    double[] scaled = new double[router.inputs()];
    for (int e = 0; e < chosen.length; e++) {
      if (chosen[e]) {
        double score = SwiGlu.sigmoid(logits[e]);
        for (int i = 0; i < scaled.length; i++) {
          scaled[i] = score * in[inAt + i];
        }
        experts.get(e).applyAdd(scaled, 0, out, outAt);
      }
    }
  }

  /** {@code out += sum over the chosen of weight * expert(in)}. */
  private void addScaledOutputs(
      double[] weights, boolean[] chosen, double[] in, int inAt, double[] out, int outAt) {
    double[] result = new double[router.inputs()];
    for (int e = 0; e < chosen.length; e++) {
      if (chosen[e]) {
        Arrays.fill(result, 0);
        experts.get(e).applyAdd(in, inAt, result, 0);
        for (int i = 0; i < result.length; i++) {
          out[outAt + i] += weights[e] * result[i];
        }
      }
    }
  }

  /** Parts divided by the sum of the chosen ones. */
  static double[] normalised(double[] parts, boolean[] chosen) {
    double sum = 0;
    for (int e = 0; e < parts.length; e++) {
      sum += chosen[e] ? parts[e] : 0;
    }
    double[] divided = new double[parts.length];
    for (int e = 0; e < parts.length; e++) {
      divided[e] = parts[e] / sum;
    }
    return divided;
  }

  /** Marks the {@code count} largest values; of equal ones the first. */
  static boolean[] largest(double[] values, int count) {
    boolean[] chosen = new boolean[values.length];
    for (int k = 0; k < count; k++) {
      int best = -1;
      for (int i = 0; i < values.length; i++) {
        if (!chosen[i] && (best < 0 || values[i] > values[best])) {
          best = i;
        }
      }
      chosen[best] = true;
    }
    return chosen;
  }
}
