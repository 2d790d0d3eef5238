package dev.millrace.enrichment.testing;

import dev.millrace.engine.BranchResult;
import java.util.List;
import java.util.Optional;

/** What a {@link ScriptedEngine} answers. A script is a pure function of its arguments. */
public interface Script {

  /**
   * What the model says.
   *
   * @param prompt text of the prefix: system message and document
   * @param instruction text of the branch's suffix
   */
  String generate(String prompt, String instruction);

  /**
   * Log-probabilities of labels.
   *
   * @param prompt text of the prefix
   * @param instruction text of the branch's suffix
   * @param labels text of each label
   */
  default double[] score(String prompt, String instruction, List<String> labels) {
    double[] scores = new double[labels.size()];
    for (int i = 0; i < scores.length; i++) {
      int hash = (prompt + instruction + labels.get(i)).hashCode();
      scores[i] = -1 - Math.floorMod(hash, 1000) / 100.0;
    }
    return scores;
  }

  /** How a request with this prompt fails, if it does. */
  default Optional<BranchResult.Reason> failure(String prompt) {
    return Optional.empty();
  }
}
