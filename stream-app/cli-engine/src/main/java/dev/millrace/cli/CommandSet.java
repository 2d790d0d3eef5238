package dev.millrace.cli;

import java.util.OptionalInt;
import picocli.CommandLine;

/**
 * Commands that one module brings, found as a service: the program has the commands of the modules
 * on its class path.
 */
public interface CommandSet {

  /** Where its commands stand in the help, from 0. */
  int position();

  /** Adds the commands in the order in which help lists them. */
  void addTo(CommandLine root);

  /** Adds the measurements to the {@code bench} command. */
  void addMeasurements(CommandLine bench);

  /** Hides the secrets of a text; a set without servers to log in to has none. */
  default String mask(String text) {
    return text;
  }

  /**
   * The exit code of a failure that a user can act on and whose message stands alone; empty if this
   * set does not know it as one.
   */
  default OptionalInt exitCode(Throwable failure) {
    return OptionalInt.empty();
  }

  /**
   * Makes the log say more.
   *
   * @return false if this set does not know how
   */
  default boolean logMore() {
    return false;
  }
}
