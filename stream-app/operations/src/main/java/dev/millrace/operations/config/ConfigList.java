package dev.millrace.operations.config;

import java.util.List;

/**
 * Things that have the same settings each: a list such as {@code inputs}, or named ones such as
 * {@code models.NAME}. Immutable.
 *
 * @param name name of the list in the file
 * @param named whether each entry has a name that the user chooses
 * @param description for the reference page
 * @param keys settings of one entry, without the list's name
 */
public record ConfigList(String name, boolean named, String description, List<ConfigKey<?>> keys) {

  /** Copies the keys. */
  public ConfigList {
    keys = List.copyOf(keys);
  }

  /** Entries in an order. */
  public static ConfigList ordered(String name, String description, List<ConfigKey<?>> keys) {
    return new ConfigList(name, false, description, keys);
  }

  /** Entries with names. */
  public static ConfigList named(String name, String description, List<ConfigKey<?>> keys) {
    return new ConfigList(name, true, description, keys);
  }

  /** The setting of an entry, as messages call it. */
  static String entry(String list, Object which, String key) {
    return list + "." + which + "." + key;
  }
}
