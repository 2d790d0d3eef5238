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
 * @param maps settings of one entry whose names the user chooses
 */
public record ConfigList(
    String name,
    boolean named,
    String description,
    List<ConfigKey<?>> keys,
    List<ConfigMap<?>> maps) {

  /** Copies the keys. */
  public ConfigList {
    keys = List.copyOf(keys);
    maps = List.copyOf(maps);
  }

  /** Entries in an order. */
  public static ConfigList ordered(String name, String description, List<ConfigKey<?>> keys) {
    return new ConfigList(name, false, description, keys, List.of());
  }

  /** Entries with names. */
  public static ConfigList named(String name, String description, List<ConfigKey<?>> keys) {
    return new ConfigList(name, true, description, keys, List.of());
  }

  /** The same, each entry of which has these maps, too. */
  public ConfigList with(ConfigMap<?>... more) {
    return new ConfigList(name, named, description, keys, List.of(more));
  }

  /** The setting of an entry, as messages call it. */
  static String entry(String list, Object which, String key) {
    return list + "." + which + "." + key;
  }
}
