package dev.millrace.operations.config;

import java.util.ArrayList;
import java.util.List;
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
 * @param since first version that has it
 * @param renamedFrom names that it had before, still read
 */
public record ConfigKey<T>(
    String name,
    ConfigType<T> type,
    String defaultText,
    String description,
    String example,
    boolean secret,
    String since,
    List<String> renamedFrom) {
  /** Default text of a setting that has no default. */
  static final String REQUIRED = "\0required";

  private static final String FIRST_VERSION = "0.1";

  /** Checks that name and example keep the rules of the list. */
  public ConfigKey {
    renamedFrom = List.copyOf(renamedFrom);
    if (!name.matches("[a-z][a-z0-9]*(\\.[a-z0-9]+)*") || description.isBlank()) {
      throw new IllegalArgumentException("not a well-formed key: " + name);
    }
    if (!since.matches("\\d+\\.\\d+")) {
      throw new IllegalArgumentException("%s: not a version: %s".formatted(name, since));
    }
    Object _ = type.parser().apply(example);
  }

  /** A setting that need not be set. */
  public static <T> ConfigKey<T> optional(
      String name, ConfigType<T> type, String defaultText, String example, String description) {
    return new ConfigKey<>(
        name, type, defaultText, description, example, false, FIRST_VERSION, List.of());
  }

  /** A setting that must be set. */
  public static <T> ConfigKey<T> required(
      String name, ConfigType<T> type, String example, String description) {
    return optional(name, type, REQUIRED, example, description);
  }

  /** The same, never printed. */
  public ConfigKey<T> asSecret() {
    return new ConfigKey<>(name, type, defaultText, description, example, true, since, renamedFrom);
  }

  /** The same, new in that version. */
  public ConfigKey<T> since(String version) {
    return new ConfigKey<>(
        name, type, defaultText, description, example, secret, version, renamedFrom);
  }

  /** The same, which had other names before. */
  public ConfigKey<T> renamedFrom(String... names) {
    return new ConfigKey<>(
        name, type, defaultText, description, example, secret, since, List.of(names));
  }

  /** Whether it must be set. */
  public boolean isRequired() {
    return defaultText.equals(REQUIRED);
  }

  /** Its name, then those that it had before. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    names.add(name);
    names.addAll(renamedFrom);
    return names;
  }

  /** Name of the environment variable that overrides it. */
  public String environmentName() {
    return environmentName(name);
  }

  /** Likewise, of a setting of that name. */
  public static String environmentName(String name) {
    return ConfigReader.ENVIRONMENT_PREFIX + name.toUpperCase(Locale.ROOT).replace('.', '_');
  }
}
