package dev.millrace.operations.config;

import dev.millrace.schema.CredentialMask;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Validated settings. Immutable. */
public final class Config {
  private final ConfigSpec spec;
  private final String source;
  private final Path directory;
  private final Map<ConfigKey<?>, Object> values;
  private final Map<String, String> client;
  private final List<String> notes;

  Config(
      ConfigSpec spec,
      String source,
      Path directory,
      Map<ConfigKey<?>, Object> values,
      Map<String, String> client,
      List<String> notes) {
    this.spec = spec;
    this.source = source;
    this.directory = directory;
    this.values = Map.copyOf(values);
    this.client = Map.copyOf(client);
    this.notes = List.copyOf(notes);
  }

  /** The value of a setting, or its default. */
  @SuppressWarnings("unchecked")
  public <T> T get(ConfigKey<T> key) {
    Object value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("not in the list of settings: " + key.name());
    }
    return (T) value;
  }

  /** A path setting; a relative one lies beside the configuration file. */
  public Path path(ConfigKey<Path> key) {
    return directory.resolve(get(key)).normalize();
  }

  /** The same for a text that is not empty. */
  public Path resolve(String path) {
    return directory.resolve(path).normalize();
  }

  /** Settings for every Kafka client, as its documentation names them. Holds secrets. */
  public Map<String, String> client() {
    return client;
  }

  /** Where it was read from. */
  public String source() {
    return source;
  }

  /** What whoever wrote it should know, such as names of old; one line each. */
  public List<String> notes() {
    return notes;
  }

  /** What differs from the defaults, secrets masked, for the start-up log. */
  public Map<String, String> printable() {
    Map<String, String> shown = new LinkedHashMap<>();
    for (ConfigKey<?> key : spec.keys()) {
      Object value = get(key);
      boolean isDefault =
          !key.isRequired() && key.type().parser().apply(key.defaultText()).equals(value);
      if (!isDefault) {
        shown.put(key.name(), key.secret() ? CredentialMask.HIDDEN : shown(value));
      }
    }
    client.keySet().stream()
        .sorted()
        .forEach(name ->
            shown.put(
                ConfigReader.CLIENT_PREFIX + name,
                ClientSettings.isSecret(name)
                    ? CredentialMask.HIDDEN
                    : shown(client.getOrDefault(name, ""))));
    return shown;
  }

  private static String shown(Object value) {
    return value instanceof List<?> list
        ? list.stream().map(Config::shown).collect(Collectors.joining(", ", "[", "]"))
        : CredentialMask.inUrls(value.toString());
  }

  /** Only what may be seen. */
  @Override
  public String toString() {
    return "Config" + printable();
  }
}
