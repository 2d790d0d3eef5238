package dev.millrace.engine.device;

/** Divides memory by shares. Pure functions. */
final class MemoryShares {

  private MemoryShares() {}

  /**
   * Gives everybody bytes in proportion to their shares; who cannot use all of it gets what they
   * can use, and the others divide the rest.
   *
   * @param bytes to be divided
   * @param shares one each, at least 1
   * @param most bytes that each can use
   */
  static long[] divide(long bytes, int[] shares, long[] most) {
    long[] given = new long[shares.length];
    boolean[] content = new boolean[shares.length];
    long left = Math.max(0, bytes);
    boolean again = true;
    while (again) {
      again = false;
      long sum = 0;
      for (int i = 0; i < shares.length; i++) {
        sum += content[i] ? 0 : shares[i];
      }
      long divided = left;
      for (int i = 0; i < shares.length; i++) {
        if (content[i]) {
          continue;
        }
        given[i] = part(divided, shares[i], sum);
        if (given[i] >= most[i]) {
          given[i] = most[i];
          content[i] = true;
          left -= most[i];
          again = true;
        }
      }
    }
    return given;
  }

  /** {@code bytes * share / sum} without overflow. */
  private static long part(long bytes, int share, long sum) {
    return bytes / sum * share + bytes % sum * share / sum;
  }
}
