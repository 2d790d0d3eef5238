package dev.millrace.engine.request;

/**
 * How tokens are chosen. The same parameters, seed and prompt give the same tokens whatever else
 * runs: the random number for a token depends on the seed and the token's position alone.
 *
 * @param temperature 0 for greedy, else positive
 * @param topP smallest probability mass kept, in (0, 1]
 * @param seed of the random numbers
 */
public record SamplingParams(double temperature, double topP, long seed) {

  /** Always the likeliest token. */
  public static final SamplingParams GREEDY = new SamplingParams(0, 1, 0);

  /** Checks the bounds. */
  public SamplingParams {
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException("temperature must be 0 or more, got " + temperature);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP must be in (0, 1], got " + topP);
    }
  }

  /** Whether no random number is used. */
  public boolean greedy() {
    return temperature == 0;
  }
}
