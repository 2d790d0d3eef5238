package dev.millrace.engine.request;

import java.util.List;
import java.util.Locale;

/** One continuation of a request's prompt. */
public sealed interface Branch {

  /** Token ids appended to the prompt for this branch; may be empty. Not to be written. */
  int[] suffix();

  /**
   * Generates until a stop token, a stop string or {@code tokensMax}.
   *
   * @param suffix token ids after the prompt
   * @param tokensMax most tokens generated, at least one; a stop token is not counted nor returned
   * @param sampling how tokens are chosen
   * @param stopStrings texts that end the branch as soon as the generated text contains one; the
   *     tokens that spell it are counted and returned
   * @param topLogProbabilities number of the likeliest tokens to tell at each place, 0 to {@link
   *     #TOP_MAX}; the chosen token's own log-probability comes with them
   * @param constraint what the text must be like
   */
  record Generate(
      int[] suffix,
      int tokensMax,
      SamplingParams sampling,
      List<String> stopStrings,
      int topLogProbabilities,
      Constraint constraint)
      implements Branch {

    /** Most tokens that are told at one place. */
    public static final int TOP_MAX = 20;

    /** Copies and checks the bounds. */
    public Generate {
      suffix = suffix.clone();
      stopStrings = List.copyOf(stopStrings);
      if (tokensMax < 1) {
        throw new IllegalArgumentException("tokensMax must be at least 1, got " + tokensMax);
      }
      if (stopStrings.stream().anyMatch(String::isEmpty)) {
        throw new IllegalArgumentException("a stop string has at least one character");
      }
      if (topLogProbabilities < 0 || topLogProbabilities > TOP_MAX) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "topLogProbabilities must be from 0 to %d, got %d",
                TOP_MAX,
                topLogProbabilities));
      }
    }

    /** A branch that asks for tokens and nothing else. */
    public Generate(int[] suffix, int tokensMax, SamplingParams sampling) {
      this(suffix, tokensMax, sampling, List.of(), 0, Constraint.NONE);
    }

    /** The same, ended by these texts, too. */
    public Generate withStopStrings(List<String> texts) {
      return new Generate(suffix, tokensMax, sampling, texts, topLogProbabilities, constraint);
    }

    /** The same, telling so many of the likeliest tokens. */
    public Generate withTopLogProbabilities(int count) {
      return new Generate(suffix, tokensMax, sampling, stopStrings, count, constraint);
    }

    /** The same under a constraint. */
    public Generate withConstraint(Constraint rule) {
      return new Generate(suffix, tokensMax, sampling, stopStrings, topLogProbabilities, rule);
    }
  }

  /**
   * Scores closed alternatives without generating: the log-probability of each label's tokens after
   * prompt and suffix, computed over a trie so that shared beginnings are computed once.
   *
   * @param suffix token ids after the prompt
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
