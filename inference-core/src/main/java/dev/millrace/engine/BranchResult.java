package dev.millrace.engine;

import dev.millrace.engine.request.TokenScores;
import java.util.List;
import java.util.Optional;

/** What became of one branch. */
public sealed interface BranchResult {

  /** Tokens computed and reused for this branch alone; the prefix is in {@link RequestUsage}. */
  BranchUsage usage();

  /**
   * Generated tokens.
   *
   * @param tokens ids, without the stop token; with those that spell a stop string
   * @param finish why it ended
   * @param stopString the stop string that ended it, if one did
   * @param scores what was asked about each token; none if nothing was
   * @param usage this branch's share
   */
  record Generated(
      int[] tokens,
      Finish finish,
      Optional<String> stopString,
      List<TokenScores> scores,
      BranchUsage usage)
      implements BranchResult {

    /** Copies the list. */
    public Generated {
      scores = List.copyOf(scores);
    }

    /** Tokens and nothing else. */
    public Generated(int[] tokens, Finish finish, BranchUsage usage) {
      this(tokens, finish, Optional.empty(), List.of(), usage);
    }
  }

  /**
   * Label scores.
   *
   * @param logProbabilities one per label, in request order: sum of natural log-probabilities of
   *     its tokens
   * @param usage this branch's share
   */
  record Scored(double[] logProbabilities, BranchUsage usage) implements BranchResult {}

  /**
   * No result.
   *
   * @param reason which kind of failure
   * @param message what was being done, found against expected, and what to do; never text
   * @param usage what was computed before the failure
   */
  record Failed(Reason reason, String message, BranchUsage usage) implements BranchResult {}

  /** Why generation ended. */
  enum Finish {
    /** A stop token or a stop string. */
    STOP,
    /** The token limit. */
    LENGTH
  }

  /** Kinds of failure. */
  enum Reason {
    /** Prefix, suffix and limit together exceed the context or the key-value memory. */
    TOO_LONG,
    /** A token id outside the vocabulary or another fault of the request itself. */
    INVALID_REQUEST,
    /** The submission queue is full; try again later. */
    OVERLOADED,
    /** The deadline passed. */
    DEADLINE,
    /** Cancelled by its owner. */
    CANCELLED,
    /** The engine was closed. */
    ENGINE_CLOSED,
    /** The device or the engine failed; the engine accepts nothing more. */
    ENGINE_FAILED
  }
}
