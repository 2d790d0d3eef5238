package dev.millrace.streams.config;

import java.util.Locale;

/**
 * A setting, declared once. Immutable.
 *
 * @param name dotted name, lower case
 * @param type how its text is read, with unit and bounds
 * @param defaultText text that is read when it is not set; {@link #REQUIRED} if it must be set
 * @param description what it does, in a sentence or two
 * @param example a text that is valid
 * @param secret whether its value is never printed
 */
public record ConfigKey<T>(
    String name,
    ConfigType<T> type,
    String defaultText,
    String description,
    String example,
    boolean secret) {
  /** Default text of a setting that has no default. */
  static final String REQUIRED = "\0required";

  /** Checks that name and example keep the rules of the list. */
  public ConfigKey {
    if (!name.matches("[a-z][a-z0-9]*(\\.[a-z0-9]+)*") || description.isBlank()) {
      throw new IllegalArgumentException("not a well-formed key: " + name);
    }
    Object _ = type.parser().apply(example);
  }

  /** A setting that need not be set. */
  static <T> ConfigKey<T> optional(
      String name, ConfigType<T> type, String defaultText, String example, String description) {
    return new ConfigKey<>(name, type, defaultText, description, example, false);
  }

  /** A setting that must be set. */
  static <T> ConfigKey<T> required(
      String name, ConfigType<T> type, String example, String description) {
    return new ConfigKey<>(name, type, REQUIRED, description, example, false);
  }

  /** The same, never printed. */
  ConfigKey<T> asSecret() {
    return new ConfigKey<>(name, type, defaultText, description, example, true);
  }

  /** Whether it must be set. */
  public boolean isRequired() {
    return defaultText.equals(REQUIRED);
  }

  /** Name of the environment variable that overrides it. */
  public String environmentName() {
    return environmentName(name);
  }

  static String environmentName(String name) {
    return ConfigReader.ENVIRONMENT_PREFIX + name.toUpperCase(Locale.ROOT).replace('.', '_');
  }
}
