package dev.millrace.engine.device;

import dev.millrace.engine.BranchResult.Finish;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.sampling.LogSoftmax;
import dev.millrace.engine.sampling.RowLogits;
import dev.millrace.engine.sampling.TokenSampler;
import java.util.Arrays;
import java.util.Set;

/** What {@link FakeForward} answers when each branch runs alone, token by token, label by label. */
final class Oracle {
  private final int vocabulary;
  private final Set<Integer> stopTokens;

  Oracle(int vocabulary, Set<Integer> stopTokens) {
    this.vocabulary = vocabulary;
    this.stopTokens = stopTokens;
  }

  /** Tokens and how they ended. */
  record Text(int[] tokens, Finish finish) {}

  Text generate(int[] prefix, Branch.Generate branch) {
    int[] history = concat(prefix, branch.suffix());
    int[] tokens = {};
    TokenSampler sampler = new TokenSampler();
    StringBuilder text = new StringBuilder();
    while (tokens.length < branch.tokensMax()) {
      float[] logits = FakeForward.logits(history, history.length, vocabulary);
      int token = sampler.choose(new RowLogits(logits), 0, branch.sampling(), history.length);
      if (stopTokens.contains(token)) {
        return new Text(tokens, Finish.STOP);
      }
      tokens = concat(tokens, new int[] {token});
      history = concat(history, new int[] {token});
      text.append(FakeText.spell(token));
      if (branch.stopStrings().stream().anyMatch(stop -> text.indexOf(stop) >= 0)) {
        return new Text(tokens, Finish.STOP);
      }
    }
    return new Text(tokens, Finish.LENGTH);
  }

  double[] score(int[] prefix, Branch.Score branch) {
    double[] scores = new double[branch.labels().size()];
    for (int label = 0; label < scores.length; label++) {
      int[] tokens = branch.labels().get(label);
      int[] history = concat(prefix, branch.suffix());
      for (int token : tokens) {
        double[] answer = new double[1];
        LogSoftmax.of(
            FakeForward.logits(history, history.length, vocabulary), new int[] {token}, answer);
        scores[label] += answer[0];
        history = concat(history, new int[] {token});
      }
    }
    return scores;
  }

  private static int[] concat(int[] a, int[] b) {
    int[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }
}
