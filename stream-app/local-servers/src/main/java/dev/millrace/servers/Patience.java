package dev.millrace.servers;

import java.time.Duration;

/**
 * How long to wait for a server.
 *
 * @param ready until it answers after its start; 1 s to 10 min
 * @param stop until it has ended after SIGTERM, and again after SIGKILL; 100 ms to 10 min
 */
public record Patience(Duration ready, Duration stop) {

  /** Two minutes to start, ten seconds to stop: generous on a machine that is busy. */
  public static final Patience DEFAULT =
      new Patience(Duration.ofSeconds(120), Duration.ofSeconds(10));

  /** Refuses waits that cannot be meant. */
  public Patience {
    check("ready", ready, Duration.ofSeconds(1));
    check("stop", stop, Duration.ofMillis(100));
  }

  private static void check(String name, Duration value, Duration least) {
    Duration most = Duration.ofMinutes(10);
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          name + " must be " + least + ".." + most + ", got " + value);
    }
  }
}
