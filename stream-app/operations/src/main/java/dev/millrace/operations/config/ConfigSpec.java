package dev.millrace.operations.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every setting of a program: what its rooms declare, put together. Parsing, checks, the reference
 * page and the start-up print come from it. Immutable.
 *
 * @param sections in the order of the reference page
 * @param lists of things that have settings each
 * @param maps of settings whose names the user chooses
 * @param rules relations between settings of several sections
 * @param foreign beginnings of names that other programs read from the same file
 */
public record ConfigSpec(
    List<ConfigSection> sections,
    List<ConfigList> lists,
    List<ConfigMap<?>> maps,
    List<ConfigRule> rules,
    List<String> foreign) {

  /** Copies the lists; refuses two settings of one name, new or old. */
  public ConfigSpec {
    sections = List.copyOf(sections);
    lists = List.copyOf(lists);
    maps = List.copyOf(maps);
    rules = List.copyOf(rules);
    foreign = List.copyOf(foreign);
    Map<String, ConfigKey<?>> names = new LinkedHashMap<>();
    for (ConfigSection section : sections) {
      for (ConfigKey<?> key : section.keys()) {
        for (String name : key.names()) {
          if (names.put(name, key) != null) {
            throw new IllegalArgumentException("two settings are called " + name);
          }
        }
      }
    }
  }

  /** What no other program shares a file with. */
  public ConfigSpec(
      List<ConfigSection> sections,
      List<ConfigList> lists,
      List<ConfigMap<?>> maps,
      List<ConfigRule> rules) {
    this(sections, lists, maps, rules, List.of());
  }

  /** Sections alone. */
  public static ConfigSpec of(ConfigSection... sections) {
    return new ConfigSpec(List.of(sections), List.of(), List.of(), List.of());
  }

  /** All settings, in the order of the reference page. */
  public List<ConfigKey<?>> keys() {
    List<ConfigKey<?>> keys = new ArrayList<>();
    sections.forEach(section -> keys.addAll(section.keys()));
    return keys;
  }

  /** Whether a name is another program's. */
  boolean isForeign(String name) {
    return foreign.stream().anyMatch(name::startsWith);
  }

  /** Whether an environment variable is another program's. */
  boolean isForeignVariable(String variable) {
    return foreign.stream().map(ConfigKey::environmentName).anyMatch(variable::startsWith);
  }

  /** The settings by their names of today and of old. */
  Map<String, ConfigKey<?>> byName() {
    Map<String, ConfigKey<?>> byName = new LinkedHashMap<>();
    for (ConfigKey<?> key : keys()) {
      key.names().forEach(name -> byName.put(name, key));
    }
    return byName;
  }

  /** One line for each relation that does not hold. */
  List<String> problems(Config config) {
    ConfigProblems problems = new ConfigProblems(config);
    sections.forEach(section -> section.rule().check(problems));
    rules.forEach(rule -> rule.check(problems));
    return problems.found();
  }
}
