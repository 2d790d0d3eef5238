package dev.millrace.operations.config;

import dev.millrace.schema.CredentialMask;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Validated settings. Immutable. */
public final class Config {
  private final ConfigSpec spec;
  private final List<ConfigKey<?>> keys;
  private final String source;
  private final Path directory;
  private final Map<ConfigKey<?>, Object> values;
  private final Map<String, String> client;
  private final List<String> notes;
  private final Map<String, Map<String, Config>> lists;
  private final Map<String, Map<String, Object>> maps;
  private final Set<String> set;

  Config(
      ConfigSpec spec,
      List<ConfigKey<?>> keys,
      String source,
      Path directory,
      Map<ConfigKey<?>, Object> values,
      Map<String, String> client,
      List<String> notes,
      Entries entries) {
    this.spec = spec;
    this.keys = List.copyOf(keys);
    this.source = source;
    this.directory = directory;
    this.values = Map.copyOf(values);
    this.client = Map.copyOf(client);
    this.notes = List.copyOf(notes);
    this.lists = entries.lists();
    this.maps = entries.maps();
    this.set = entries.set();
  }

  /**
   * What has no fixed number.
   *
   * @param lists entries of each list, by number or name
   * @param maps values of each map, by name
   * @param set names of the settings that were set
   */
  record Entries(
      Map<String, Map<String, Config>> lists,
      Map<String, Map<String, Object>> maps,
      Set<String> set) {
    static final Entries NONE = new Entries(Map.of(), Map.of(), Set.of());
  }

  /** The entries of a list, in their order; none if it is not set. */
  public List<Config> list(ConfigList list) {
    return List.copyOf(lists.getOrDefault(list.name(), Map.of()).values());
  }

  /** The entries of a list whose entries have names, in alphabetical order. */
  public Map<String, Config> named(ConfigList list) {
    return lists.getOrDefault(list.name(), new TreeMap<>());
  }

  /** The values of a map by their names, in alphabetical order; none if it is not set. */
  @SuppressWarnings("unchecked")
  public <T> Map<String, T> map(ConfigMap<T> map) {
    return (Map<String, T>) maps.getOrDefault(map.name(), new TreeMap<>());
  }

  /** Whether a setting was set, be it to its default. */
  public boolean isSet(ConfigKey<?> key) {
    return set.contains(key.name());
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
    for (ConfigKey<?> key : keys) {
      Object value = get(key);
      boolean isDefault = !key.isRequired() && key.type().read(key.defaultText()).equals(value);
      if (!isDefault) {
        shown.put(key.name(), key.secret() ? CredentialMask.HIDDEN : shown(value));
      }
    }
    printEntries(shown);
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

  private void printEntries(Map<String, String> shown) {
    for (ConfigList list : spec.lists()) {
      named(list)
          .forEach((which, entry) ->
              entry
                  .printable()
                  .forEach((name, value) ->
                      shown.put(ConfigList.entry(list.name(), which, name), value)));
    }
    for (ConfigMap<?> map : spec.maps()) {
      map(map).forEach((name, value) -> shown.put(map.name() + "." + name, shown(value)));
    }
  }

  private static String shown(Object value) {
    if (value instanceof Optional<?> maybe) {
      return maybe.map(Config::shown).orElse("");
    }
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
