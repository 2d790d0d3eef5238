package dev.millrace.operations.config;

import java.util.List;

/**
 * The settings that one room declares: all of them begin with the section's name. Immutable.
 *
 * @param name first part of the keys' names
 * @param description for the reference page
 * @param keys in the order of the reference page
 * @param rule relations between the keys
 */
public record ConfigSection(
    String name, String description, List<ConfigKey<?>> keys, ConfigRule rule) {

  /** Copies the list; refuses a key of another section. */
  public ConfigSection {
    keys = List.copyOf(keys);
    for (ConfigKey<?> key : keys) {
      if (!key.name().startsWith(name + ".")) {
        throw new IllegalArgumentException(
            "key %s does not belong into section %s".formatted(key.name(), name));
      }
    }
  }

  /** Keys that do not depend on each other. */
  public static ConfigSection of(String name, String description, List<ConfigKey<?>> keys) {
    return new ConfigSection(name, description, keys, _ -> {});
  }

  /** Keys with rules between them. */
  public static ConfigSection of(
      String name, String description, List<ConfigKey<?>> keys, ConfigRule rule) {
    return new ConfigSection(name, description, keys, rule);
  }
}
