package dev.millrace.enrichment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A mapping being read key by key. A wrong value is noted with its line and replaced by a usable
 * one, so that reading goes on and finds the rest; {@link #finish} notes the keys nobody asked for.
 * Owned by the reading thread.
 */
final class YamlSection {
  private final String path;
  private final YamlNode.Mapping mapping;
  private final List<String> problems;
  private final Set<String> known = new LinkedHashSet<>();

  YamlSection(String path, YamlNode.Mapping mapping, List<String> problems) {
    this.path = path;
    this.mapping = mapping;
    this.problems = problems;
  }

  int line() {
    return mapping.line();
  }

  boolean has(String key) {
    known.add(key);
    return mapping.entries().containsKey(key);
  }

  /** The value as it stands, or null. */
  @Nullable YamlNode node(String key) {
    known.add(key);
    YamlNode.@Nullable Entry entry = mapping.entries().get(key);
    return entry == null ? null : entry.value();
  }

  /** A text that must be there. */
  String text(String key) {
    if (!has(key)) {
      problems.add(String.format(Locale.ROOT, "line %d: %s is missing", line(), full(key)));
      return "";
    }
    return text(key, "");
  }

  /** A text, or what stands for it. */
  String text(String key, String otherwise) {
    @Nullable YamlNode node = node(key);
    return switch (node) {
      case null -> otherwise;
      case YamlNode.Scalar scalar -> scalar.text();
      default -> {
        expected(key, "a text", node);
        yield otherwise;
      }
    };
  }

  /** A whole number in bounds that must be there, or what stands for it. */
  int integer(String key, @Nullable Integer otherwise, Limits limits) {
    @Nullable String text = scalar(key, otherwise != null, "a whole number");
    if (text == null) {
      return otherwise == null ? limits.min : otherwise;
    }
    try {
      int value = Integer.parseInt(text.replace("_", ""));
      limits.check(full(key), value);
      return value;
    } catch (NumberFormatException e) {
      wrong(key, "must be a whole number, got " + text);
    } catch (IllegalArgumentException e) {
      problems.add(String.format(Locale.ROOT, "line %d: %s", lineOf(key), e.getMessage()));
    }
    return otherwise == null ? limits.min : otherwise;
  }

  /** A number in bounds, or what stands for it. */
  double decimal(String key, double otherwise, double min, double max) {
    @Nullable String text = scalar(key, true, "a number");
    if (text == null) {
      return otherwise;
    }
    try {
      double value = Double.parseDouble(text.replace("_", ""));
      Limits.between(full(key), value, min, max);
      return value;
    } catch (NumberFormatException e) {
      wrong(key, "must be a number, got " + text);
    } catch (IllegalArgumentException e) {
      problems.add(String.format(Locale.ROOT, "line %d: %s", lineOf(key), e.getMessage()));
    }
    return otherwise;
  }

  /** A number in bounds, or empty if it is missing. */
  OptionalDouble decimal(String key, double min, double max) {
    return has(key) ? OptionalDouble.of(decimal(key, min, min, max)) : OptionalDouble.empty();
  }

  /**
   * Primary subtag of a language tag.
   *
   * @param otherwise what stands for a missing one; null if it must be there
   */
  String language(String key, @Nullable String otherwise) {
    if (otherwise == null && !has(key)) {
      return text(key);
    }
    String tag = text(key, otherwise == null ? "" : otherwise);
    Optional<String> language = Language.of(tag);
    if (language.isEmpty()) {
      wrong(key, "must be a language tag such as it, got \"%s\"".formatted(tag));
    }
    return language.orElse("en");
  }

  /** One of an enumeration's names, written in lower case with hyphens. */
  <T extends Enum<T>> T choice(String key, T otherwise) {
    @Nullable String text = scalar(key, true, "a word");
    if (text == null) {
      return otherwise;
    }
    List<String> names = new ArrayList<>();
    for (T value : otherwise.getDeclaringClass().getEnumConstants()) {
      String name = value.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (name.equals(text)) {
        return value;
      }
      names.add(name);
    }
    wrong(key, "must be one of %s, got %s".formatted(String.join(", ", names), text));
    return otherwise;
  }

  /** A nested mapping, empty if it is missing. */
  YamlSection section(String key) {
    @Nullable YamlNode node = node(key);
    if (node instanceof YamlNode.Mapping nested) {
      return new YamlSection(full(key), nested, problems);
    }
    if (node != null && !(node instanceof YamlNode.Empty)) {
      expected(key, "a mapping", node);
    }
    return new YamlSection(full(key), new YamlNode.Mapping(Map.of(), lineOf(key)), problems);
  }

  /** Items of a list, empty if it is missing. */
  List<YamlNode> items(String key) {
    @Nullable YamlNode node = node(key);
    if (node instanceof YamlNode.Sequence list) {
      return list.items();
    }
    if (node != null && !(node instanceof YamlNode.Empty)) {
      expected(key, "a list", node);
    }
    return List.of();
  }

  /** Mappings of a list, or the one that stands in its place; none if it is missing. */
  List<YamlSection> entries(String key) {
    @Nullable YamlNode node = node(key);
    if (node instanceof YamlNode.Mapping) {
      return List.of(section(key));
    }
    List<YamlNode> items = items(key);
    List<YamlSection> entries = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      String name = String.format(Locale.ROOT, "%s[%d]", full(key), i);
      switch (items.get(i)) {
        case YamlNode.Mapping entry -> entries.add(new YamlSection(name, entry, problems));
        case YamlNode other ->
            problems.add(
                String.format(
                    Locale.ROOT,
                    "line %d: %s must be a mapping, got %s",
                    other.line(),
                    name,
                    other.kind()));
      }
    }
    return entries;
  }

  /** Texts of a mapping whose keys are free, in their order. */
  Map<String, String> texts(String key) {
    YamlSection nested = section(key);
    Map<String, String> texts = new LinkedHashMap<>();
    nested.mapping.entries().keySet().forEach(name -> texts.put(name, nested.text(name)));
    return texts;
  }

  /** Notes a problem with a key's value. */
  void wrong(String key, String problem) {
    problems.add(String.format(Locale.ROOT, "line %d: %s %s", lineOf(key), full(key), problem));
  }

  /** What was read here, or empty and a problem if it refuses its values. */
  <T> Optional<T> built(Supplier<T> constructor) {
    try {
      return Optional.of(constructor.get());
    } catch (IllegalArgumentException e) {
      problems.add(String.format(Locale.ROOT, "line %d: %s", line(), e.getMessage()));
      return Optional.empty();
    }
  }

  /** Notes every key that nobody asked for. */
  void finish() {
    mapping
        .entries()
        .forEach((key, entry) -> {
          if (!known.contains(key)) {
            problems.add(
                String.format(
                    Locale.ROOT,
                    "line %d: unknown key %s%s",
                    entry.line(),
                    full(key),
                    Suggestion.among(known, key)));
          }
        });
  }

  private @Nullable String scalar(String key, boolean optional, String expected) {
    @Nullable YamlNode node = node(key);
    return switch (node) {
      case null -> {
        if (!optional) {
          problems.add(String.format(Locale.ROOT, "line %d: %s is missing", line(), full(key)));
        }
        yield null;
      }
      case YamlNode.Scalar scalar -> scalar.text();
      default -> {
        expected(key, expected, node);
        yield null;
      }
    };
  }

  private void expected(String key, String expected, YamlNode found) {
    wrong(key, "must be %s, got %s".formatted(expected, found.kind()));
  }

  private int lineOf(String key) {
    YamlNode.@Nullable Entry entry = mapping.entries().get(key);
    return entry == null ? line() : entry.line();
  }

  /** The key with where it stands, for messages. */
  String full(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
