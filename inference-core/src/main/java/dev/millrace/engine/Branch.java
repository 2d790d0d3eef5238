package dev.millrace.engine;

import dev.millrace.engine.sampling.SamplingParams;
import java.util.List;

/** One continuation of a request's prefix. */
public sealed interface Branch {

  /** Token ids appended to the prefix for this branch; may be empty. */
  int[] suffix();

  /**
   * Generates until a stop token or {@code tokensMax}.
   *
   * @param suffix token ids after the prefix
   * @param tokensMax most tokens generated, at least one; a stop token is not counted nor returned
   * @param sampling how tokens are chosen
   */
  record Generate(int[] suffix, int tokensMax, SamplingParams sampling) implements Branch {
    /** Copies the ids and refuses a limit below one. */
    public Generate {
      suffix = suffix.clone();
      if (tokensMax < 1) {
        throw new IllegalArgumentException("tokensMax must be at least 1, got " + tokensMax);
      }
    }
  }

  /**
   * Scores closed alternatives without generating: the log-probability of each label's tokens after
   * prefix and suffix, computed over a trie so that shared beginnings are computed once.
   *
   * @param suffix token ids after the prefix
   * @param labels token ids of each label, all non-empty and different; one may be the beginning of
   *     another
   */
  record Score(int[] suffix, List<int[]> labels) implements Branch {
    /** Copies the ids and refuses an empty set or an empty label. */
    public Score {
      suffix = suffix.clone();
      labels = labels.stream().map(int[]::clone).toList();
      if (labels.isEmpty() || labels.stream().anyMatch(label -> label.length == 0)) {
        throw new IllegalArgumentException("a label set has at least one label and none is empty");
      }
    }
  }
}
