package dev.millrace.operations.config;

/**
 * Settings whose names the user chooses: {@code plans.NAME} is one. Immutable.
 *
 * @param name what the names stand below
 * @param type how each value is read
 * @param description for the reference page
 * @param example a name and a value that are valid
 */
public record ConfigMap<T>(
    String name, ConfigType<T> type, String description, ConfigMap.Example example) {

  /** What a name looks like. */
  static final String NAME = "[A-Za-z0-9][A-Za-z0-9._ -]{0,62}";

  /** Refuses an example that is not valid. */
  public ConfigMap {
    if (!example.name().matches(NAME)) {
      throw new IllegalArgumentException("not a name: " + example.name());
    }
    Object _ = type.parser().apply(example.value());
  }

  /**
   * One entry.
   *
   * @param name chosen by the user
   * @param value text of its value
   */
  public record Example(String name, String value) {}
}
