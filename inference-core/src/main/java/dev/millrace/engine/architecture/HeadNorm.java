package dev.millrace.engine.architecture;

/** Norm of the heads of q and k. */
public sealed interface HeadNorm {

  /** No norm. */
  HeadNorm NONE = new None();

  /** Heads stay as they are. */
  record None() implements HeadNorm {}

  /**
   * {@code x / sqrt(mean(x^2) + epsilon)} of each head of q and k, after the rotation and without a
   * weight (Llama 4, layers that rotate).
   *
   * @param epsilon positive
   */
  record Unit(float epsilon) implements HeadNorm {

    /** Refuses an epsilon of 0. */
    public Unit {
      if (!(epsilon > 0)) {
        throw new IllegalArgumentException("epsilon is positive, got " + epsilon);
      }
    }
  }

  /**
   * {@code x / sqrt(mean(x^2) + epsilon) * weight} of each head of q and k, before the rotation:
   * one weight [D] for all heads of q, one for all of k (Qwen3).
   *
   * @param epsilon positive
   */
  record Learnt(float epsilon) implements HeadNorm {

    /** Refuses an epsilon of 0. */
    public Learnt {
      if (!(epsilon > 0)) {
        throw new IllegalArgumentException("epsilon is positive, got " + epsilon);
      }
    }
  }
}
