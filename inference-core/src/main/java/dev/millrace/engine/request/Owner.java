package dev.millrace.engine.request;

import java.util.Locale;

/**
 * On whose behalf requests are made, for fairness and cancellation.
 *
 * @param identity compared by identity
 * @param share requests that are admitted in one turn; owners of one priority take turns
 * @param priority requests wait until none of a higher priority does; 0 is usual
 */
public record Owner(Object identity, int share, int priority) {

  /** Refuses a share below one. */
  public Owner {
    if (share < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "the share of an owner must be at least 1, got %d", share));
    }
  }

  /** One of many equal owners. */
  public static Owner of(Object identity) {
    return new Owner(identity, 1, 0);
  }
}
