package dev.millrace.schema;

import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Remembers that nobody answers at a registry, so that not every caller waits to be told so again:
 * once a call has given up, one caller in each {@link #PAUSE} asks, once, and the others have their
 * answer without asking. Whatever the registry says ends it. Thread-safe.
 */
final class Outage {

  /**
   * From a try in vain to the next: short enough that nobody waits for it when all is well again.
   */
  static final Duration PAUSE = Duration.ofSeconds(1);

  /** How a caller may ask just now. */
  enum Turn {
    /** As patiently as it likes: nothing is known against it. */
    PATIENTLY,
    /** With a single try, for everybody; must tell {@link Outage#hear} or {@link Outage#over}. */
    ONCE,
    /** Not at all: {@link Outage#message} is the answer. */
    NOT_NOW
  }

  private final LongSupplier nanoClock;
  private boolean away;
  private boolean beingAsked;
  private long nextNanos;
  private String message = "";

  Outage(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** What the caller may do; a turn to ask once is given to one caller. */
  synchronized Turn turn() {
    if (!away) {
      return Turn.PATIENTLY;
    }
    if (beingAsked || nextNanos - nanoClock.getAsLong() > 0) {
      return Turn.NOT_NOW;
    }
    beingAsked = true;
    return Turn.ONCE;
  }

  /** What was heard last of a registry that is away. */
  synchronized String message() {
    return message;
  }

  /** A call failed: the registry is away if nobody answered, and there if it was only a no. */
  synchronized void hear(RegistryException failure) {
    beingAsked = false;
    away = nobodyAnswered(failure);
    if (away) {
      nextNanos = nanoClock.getAsLong() + PAUSE.toNanos();
      message = String.valueOf(failure.getMessage());
    }
  }

  /** A call was answered, or ended in a way that says nothing. */
  synchronized void over() {
    beingAsked = false;
    away = false;
  }

  /**
   * Whether any other question would have fared the same. An answer that cannot be understood, or a
   * plain 500, may be the matter of one schema.
   */
  private static boolean nobodyAnswered(RegistryException failure) {
    Throwable cause = failure.getCause();
    return switch (failure.httpStatus()) {
      case 0 ->
          cause instanceof SocketException
              || cause instanceof SocketTimeoutException
              || cause instanceof UnknownHostException;
      case 408, 429, 502, 503, 504 -> true;
      default -> false;
    };
  }
}
