package dev.millrace.engine.template;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a template finds without being given it, besides Python's names of values. */
final class Globals {
  private static final Map<String, Value> TABLE = table();

  private Globals() {}

  private static Map<String, Value> table() {
    Map<String, Value> table = new HashMap<>();
    table.put("range", new Function(Globals::range));
    table.put("dict", new Function(Globals::dict));
    table.put("namespace", new Function((r, given) -> new Namespace(dict(r, given))));
    table.put("raise_exception", new Function(Globals::raise));
    table.put("strftime_now", new Function(Globals::now));
    table.put("joiner", new Function(Globals::joiner));
    for (String name : List.of("lipsum", "cycler")) {
      table.put(
          name,
          new Function((r, given) -> {
            throw r.refuse("the function " + name);
          }));
    }
    return Map.copyOf(table);
  }

  static @Nullable Value get(String name) {
    return TABLE.get(name);
  }

  private static Value range(Rendering rendering, Arguments arguments) {
    List<Value> given = arguments.positionalOnly(rendering, "range", 1, 3);
    List<Long> bounds = given.stream().map(value -> Values.integer(rendering, value)).toList();
    if (bounds.stream().anyMatch(bound -> Math.abs(bound) > Integer.MAX_VALUE)) {
      throw rendering.refuse("a range of numbers beyond 32 bits");
    }
    Range range =
        new Range(
            bounds.size() == 1 ? 0 : bounds.get(0),
            bounds.get(bounds.size() == 1 ? 0 : 1),
            bounds.size() < 3 ? 1 : bounds.get(2));
    if (range.step() == 0) {
      throw rendering.fail("a range's step is zero");
    }
    if (range.length() > Range.LENGTH_MAX) {
      throw rendering.fail("a range is longer than %d", Range.LENGTH_MAX);
    }
    return range;
  }

  private static Dict dict(Rendering rendering, Arguments given) {
    Dict dict = new Dict();
    if (given.positional().size() > 1) {
      throw rendering.fail("dict takes one value and arguments by name");
    }
    for (Value from : given.positional()) {
      if (from instanceof Undefined undefined) {
        throw rendering.undefined(undefined);
      }
      if (from instanceof Dict other) {
        other.entries().forEach(entry -> dict.put(entry.key(), entry.value()));
        continue;
      }
      for (Value pair : Values.list(rendering, from)) {
        List<Value> both = Values.list(rendering, pair);
        if (both.size() != 2 || !dict.put(both.get(0), both.get(1))) {
          throw rendering.fail("dict takes pairs of a key and a value");
        }
      }
    }
    given.keywords().forEach((name, value) -> dict.put(Text.of(name), value));
    return dict;
  }

  private static Value raise(Rendering rendering, Arguments given) {
    Value message = given.bind(rendering, "raise_exception", 1, "message").need("message");
    throw rendering.fail("the template refuses: %s", Printer.string(rendering, message).ownWords());
  }

  private static Value now(Rendering rendering, Arguments given) {
    Value format = given.bind(rendering, "strftime_now", 1, "format").need("format");
    return Clock.format(rendering, Values.text(rendering, format, "strftime_now").string());
  }

  private static Value joiner(Rendering rendering, Arguments given) {
    Value separator = given.bind(rendering, "joiner", 0, "sep").get("sep", Text.of(", "));
    boolean[] used = {false};
    return new Function((r, none) -> {
      none.positionalOnly(r, "joiner", 0, 0);
      Value printed = used[0] ? separator : Text.EMPTY;
      used[0] = true;
      return printed;
    });
  }
}
