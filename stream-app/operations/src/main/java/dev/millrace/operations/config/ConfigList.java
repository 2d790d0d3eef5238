package dev.millrace.operations.config;

import java.util.List;

/**
 * A list of things that have the same settings each: {@code inputs} is one. Immutable.
 *
 * @param name name of the list in the file
 * @param description for the reference page
 * @param keys settings of one entry, without the list's name
 */
public record ConfigList(String name, String description, List<ConfigKey<?>> keys) {

  /** Copies the keys. */
  public ConfigList {
    keys = List.copyOf(keys);
  }

  /** The setting of an entry, as messages call it. */
  static String entry(String list, int index, String key) {
    return list + "." + index + "." + key;
  }
}
