package dev.millrace.operations.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the rules find wrong with settings that can be read one by one. Used by one thread. */
public final class ConfigProblems {
  private final Config config;
  private final List<String> found = new ArrayList<>();

  ConfigProblems(Config config) {
    this.config = config;
  }

  /** The settings to look at. */
  public Config config() {
    return config;
  }

  /**
   * Notes a problem unless the relation holds.
   *
   * @param message stands alone; a duration among the arguments is shown in milliseconds
   */
  public void require(boolean holds, String message, Object... arguments) {
    if (!holds) {
      Object[] shown = arguments.clone();
      for (int i = 0; i < shown.length; i++) {
        if (shown[i] instanceof Duration duration) {
          shown[i] = duration.toMillis() + "ms";
        }
      }
      found.add(String.format(Locale.ROOT, message, shown));
    }
  }

  /** One line for each relation that does not hold. */
  List<String> found() {
    return List.copyOf(found);
  }
}
