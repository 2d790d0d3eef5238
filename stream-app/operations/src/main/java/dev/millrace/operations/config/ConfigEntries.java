package dev.millrace.operations.config;

import dev.millrace.enrichment.Suggestion;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what has no fixed number: entries of lists, and maps. Used once, by one thread. */
final class ConfigEntries {
  private static final Pattern ENTRY = Pattern.compile("([a-z]+)\\.([^.]+)\\.(.+)");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,3}");
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final Pattern NAMED = Pattern.compile("([a-z]+)\\.(.+)");

  private final ConfigSpec spec;
  private final Set<String> names;
  private final List<String> problems;
  private final UnaryOperator<String> written;

  /** Texts by list, number or name of the entry, and key. */
  private final Map<String, Map<String, Map<String, String>>> lists = new TreeMap<>();

  private final Map<String, Map<String, String>> maps = new TreeMap<>();

  /**
   * @param names of all settings that are set
   * @param problems takes in what is wrong
   * @param written a setting's text as messages may quote it: what comes from a file may be a
   *     secret
   */
  ConfigEntries(
      ConfigSpec spec, Set<String> names, List<String> problems, UnaryOperator<String> written) {
    this.written = written;
    this.spec = spec;
    this.names = new TreeSet<>(names);
    this.problems = problems;
  }

  /** Takes a setting that belongs into a list or map; false if it does not. */
  boolean take(String name, String text) {
    Matcher entry = ENTRY.matcher(name);
    if (entry.matches()) {
      for (ConfigList list : spec.lists()) {
        Pattern which = list.named() ? NAME : NUMBER;
        if (list.name().equals(entry.group(1)) && which.matcher(entry.group(2)).matches()) {
          lists
              .computeIfAbsent(list.name(), _ -> new TreeMap<>(ConfigEntries::inOrder))
              .computeIfAbsent(entry.group(2), _ -> new TreeMap<>())
              .put(entry.group(3), text);
          return true;
        }
      }
    }
    Matcher named = NAMED.matcher(name);
    if (named.matches()) {
      for (ConfigMap<?> map : spec.maps()) {
        if (map.name().equals(named.group(1))) {
          maps.computeIfAbsent(map.name(), _ -> new TreeMap<>()).put(named.group(2), text);
          return true;
        }
      }
    }
    return false;
  }

  /** All of it as values; what cannot be read is a problem. */
  Config.Entries read(String source, Path directory) {
    Map<String, Map<String, Config>> entries = new TreeMap<>();
    for (ConfigList list : spec.lists()) {
      Map<String, Config> configs = new TreeMap<>(ConfigEntries::inOrder);
      lists
          .getOrDefault(list.name(), Map.of())
          .forEach(
              (which, keys) -> configs.put(which, entry(list, which, keys, source, directory)));
      entries.put(list.name(), configs);
    }
    Map<String, Map<String, Object>> named = new TreeMap<>();
    for (ConfigMap<?> map : spec.maps()) {
      Map<String, Object> values = new TreeMap<>();
      maps.getOrDefault(map.name(), Map.of())
          .forEach((name, text) -> named(map, map.name(), name, text, values));
      named.put(map.name(), values);
    }
    return new Config.Entries(entries, named, names);
  }

  /** Numbers by their value, names by their letters. */
  private static int inOrder(String a, String b) {
    boolean numbers = NUMBER.matcher(a).matches() && NUMBER.matcher(b).matches();
    return numbers ? Integer.compare(Integer.parseInt(a), Integer.parseInt(b)) : a.compareTo(b);
  }

  private Config entry(
      ConfigList list, String index, Map<String, String> texts, String source, Path directory) {
    Map<ConfigKey<?>, Object> values = new LinkedHashMap<>();
    Map<String, ConfigKey<?>> known = new LinkedHashMap<>();
    list.keys().forEach(key -> known.put(key.name(), key));
    Map<String, Map<String, Object>> ofMaps = new TreeMap<>();
    for (String name : texts.keySet()) {
      if (!known.containsKey(name) && !inMap(list, index, name, texts, ofMaps)) {
        problems.add(
            "unknown key \"%s\"%s"
                .formatted(
                    ConfigList.entry(list.name(), index, name),
                    Suggestion.hint(name, known.keySet())));
      }
    }
    for (ConfigKey<?> key : list.keys()) {
      String text = texts.get(key.name());
      String name = ConfigList.entry(list.name(), index, key.name());
      if (text == null && key.isRequired()) {
        problems.add(
            "%s is missing: %s Example: %s".formatted(name, key.description(), key.example()));
      } else {
        String read = text == null ? key.defaultText() : text;
        parse(name, key.type(), read, value -> values.put(key, value));
      }
    }
    return new Config(
        new ConfigSpec(List.of(), List.of(), list.maps(), List.of()),
        list.keys(),
        source,
        directory,
        values,
        Map.of(),
        List.of(),
        new Config.Entries(Map.of(), ofMaps, new TreeSet<>(texts.keySet())));
  }

  /** Takes a setting of an entry that belongs into a map of it; false if it does not. */
  private boolean inMap(
      ConfigList list,
      String index,
      String name,
      Map<String, String> texts,
      Map<String, Map<String, Object>> taker) {
    for (ConfigMap<?> map : list.maps()) {
      if (name.startsWith(map.name() + ".")) {
        named(
            map,
            ConfigList.entry(list.name(), index, map.name()),
            name.substring(map.name().length() + 1),
            texts.getOrDefault(name, ""),
            taker.computeIfAbsent(map.name(), _ -> new TreeMap<>()));
        return true;
      }
    }
    return false;
  }

  /**
   * @param prefix the map's name, with that of the entry it is in
   */
  private void named(
      ConfigMap<?> map, String prefix, String name, String text, Map<String, Object> values) {
    String full = prefix + "." + name;
    if (!name.matches(ConfigMap.NAME)) {
      problems.add(
          "%s: a name in %s is letters, digits, dot, underscore, dash and blank, at most 63, and"
                  .formatted(full, prefix)
              + " begins with a letter or digit");
      return;
    }
    parse(full, map.type(), text, value -> values.put(name, value));
  }

  private <T> void parse(String name, ConfigType<T> type, String text, Consumer<T> taker) {
    try {
      taker.accept(type.read(text));
    } catch (IllegalArgumentException e) {
      problems.add("%s: expected %s, got %s".formatted(name, e.getMessage(), written.apply(name)));
    }
  }
}
