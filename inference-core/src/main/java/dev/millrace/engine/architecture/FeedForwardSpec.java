package dev.millrace.engine.architecture;

import java.util.Locale;

/**
 * The feed-forward block of a layer; its blocks are SwiGLU: {@code down(silu(gate x) * (up x))}.
 */
public sealed interface FeedForwardSpec {

  /**
   * One block for every token.
   *
   * @param width I
   */
  record Dense(int width) implements FeedForwardSpec {

    /** Refuses a width below one. */
    public Dense {
      if (width < 1) {
        throw new IllegalArgumentException("a block is at least 1 wide, got " + width);
      }
    }
  }

  /**
   * Experts of which a router chooses some for each token.
   *
   * @param experts E
   * @param topK chosen per token, 1..E
   * @param width I of an expert
   * @param sharedWidth I of the expert that every token uses, 0 if there is none
   * @param router how experts are weighed
   */
  record Mixture(int experts, int topK, int width, int sharedWidth, Router router)
      implements FeedForwardSpec {

    /** Checks the counts. */
    public Mixture {
      if (topK < 1 || topK > experts || width < 1 || sharedWidth < 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a mixture chooses 1 to E experts, got %d of %d, %d wide, shared %d wide",
                topK,
                experts,
                width,
                sharedWidth));
      }
    }

    /** Whether there is an expert that every token uses. */
    public boolean shared() {
      return sharedWidth > 0;
    }
  }
}
