package dev.millrace.engine.sampling;

import java.util.List;
import java.util.Optional;

/**
 * Looks for stop strings in a text that comes in pieces. Owned by one thread: it keeps as much of
 * the text as may begin one.
 */
public final class StopStrings {
  private final List<String> wanted;
  private final int tail;
  private final StringBuilder text = new StringBuilder();
  private Optional<String> found = Optional.empty();

  /**
   * Nothing found yet.
   *
   * @param wanted none of them empty
   */
  public StopStrings(List<String> wanted) {
    this.wanted = List.copyOf(wanted);
    tail = wanted.stream().mapToInt(String::length).max().orElse(1) - 1;
  }

  /**
   * Takes in the next piece.
   *
   * @return whether the text contains a stop string now
   */
  public boolean add(String piece) {
    text.append(piece);
    int first = Integer.MAX_VALUE;
    for (String one : wanted) {
      int at = text.indexOf(one);
      if (at >= 0 && at < first) {
        first = at;
        found = Optional.of(one);
      }
    }
    text.delete(0, Math.max(0, text.length() - tail));
    return found.isPresent();
  }

  /** The stop string that comes first in the text; of those at one place the first one wanted. */
  public Optional<String> found() {
    return found;
  }
}
