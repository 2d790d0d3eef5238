package dev.millrace.engine.sampling;

/**
 * Random numbers that are a pure function of (key, counter): Philox 4x32 with ten rounds (Salmon,
 * Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
 *
 * <p>A token's random number therefore depends on the request's seed and the token's position and
 * on nothing else. Stateless.
 */
public final class CounterRandom {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final long LOW = 0xFFFFFFFFL;

  private CounterRandom() {}

  /**
   * One block of the generator.
   *
   * @param counter four words; replaced by the four random words
   * @param key0 first word of the key
   * @param key1 second word of the key
   */
  static void philox(int[] counter, int key0, int key1) {
    int c0 = counter[0];
    int c1 = counter[1];
    int c2 = counter[2];
    int c3 = counter[3];
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (c0 & LOW);
      long product1 = MULTIPLIER_1 * (c2 & LOW);
      c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    counter[0] = c0;
    counter[1] = c1;
    counter[2] = c2;
    counter[3] = c3;
  }

  /**
   * The random number of one token.
   *
   * @param seed of the request
   * @param position absolute position of the token, the first of the prompt at 0
   * @return uniform in [0, 1), a multiple of 2^-53
   */
  public static double uniform(long seed, long position) {
    int[] words = {(int) position, (int) (position >>> 32), 0, 0};
    philox(words, (int) seed, (int) (seed >>> 32));
    long bits = ((words[0] & LOW) << 32 | (words[1] & LOW)) >>> 11;
    return bits * 0x1.0p-53;
  }
}
