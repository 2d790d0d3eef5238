package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.None;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Jinja's filters that apply filters and tests to each item: generators all of them. */
final class Selections {
  private Selections() {}

  static void addTo(Map<String, Filters.Filter> table) {
    table.put("map", Selections::map);
    table.put("select", (r, in, given) -> select(r, in, given, false, true));
    table.put("reject", (r, in, given) -> select(r, in, given, false, false));
    table.put("selectattr", (r, in, given) -> select(r, in, given, true, true));
    table.put("rejectattr", (r, in, given) -> select(r, in, given, true, false));
  }

  private static Value map(Rendering rendering, Value input, Arguments given) {
    return Lazy.of(() -> {
      if (!Values.truth(input)) {
        return List.<Value>of().iterator();
      }
      UnaryOperator<Value> function = mapping(rendering, given);
      Iterator<Value> values = Values.iterate(rendering, input);
      return new Iterator<Value>() {
        @Override
        public boolean hasNext() {
          return values.hasNext();
        }

        @Override
        public Value next() {
          rendering.step();
          return function.apply(values.next());
        }
      };
    });
  }

  private static UnaryOperator<Value> mapping(Rendering rendering, Arguments given) {
    Value attribute = given.keywords().get("attribute");
    if (given.positional().isEmpty() && attribute != null) {
      Map<String, Value> others = new LinkedHashMap<>(given.keywords());
      others.remove("attribute");
      Value ifMissing = others.remove("default");
      if (!others.isEmpty()) {
        throw rendering.fail("map takes no argument %s", others.keySet().iterator().next());
      }
      Attributes path =
          Attributes.of(rendering, attribute, ifMissing == null ? None.NONE : ifMissing);
      return item -> path.get(rendering, item);
    }
    if (given.positional().isEmpty()) {
      throw rendering.fail("map needs a filter or an attribute");
    }
    String name = Values.text(rendering, given.positional().getFirst(), "map").string();
    Arguments rest = without(given, 1);
    return item -> Filters.apply(rendering, name, item, rest);
  }

  private static Arguments without(Arguments given, int count) {
    List<Value> all = given.positional();
    return new Arguments(all.subList(Math.min(count, all.size()), all.size()), given.keywords());
  }

  private static Value select(
      Rendering rendering, Value input, Arguments given, boolean attribute, boolean wanted) {
    return Lazy.of(() -> {
      if (!Values.truth(input)) {
        return List.<Value>of().iterator();
      }
      List<Value> all = given.positional();
      if (attribute && all.isEmpty()) {
        throw rendering.fail("selectattr and rejectattr need an attribute");
      }
      Attributes path =
          attribute
              ? Attributes.of(rendering, all.getFirst(), None.NONE)
              : new Attributes(List.of(), None.NONE);
      int offset = attribute ? 1 : 0;
      @Nullable String test =
          all.size() > offset ? Values.text(rendering, all.get(offset), "select").string() : null;
      Arguments rest = without(given, offset + 1);
      Iterator<Value> values = Values.iterate(rendering, input);
      return new Selected(
          rendering,
          values,
          value -> {
            Value of = path.get(rendering, value);
            boolean passes =
                test == null ? Values.truth(of) : Tests.passes(rendering, test, of, rest);
            return passes == wanted;
          });
    });
  }

  private static final class Selected implements Iterator<Value> {
    private final Rendering rendering;
    private final Iterator<Value> values;
    private final java.util.function.Predicate<Value> chosen;
    private @Nullable Value next;

    Selected(
        Rendering rendering, Iterator<Value> values, java.util.function.Predicate<Value> chosen) {
      this.rendering = rendering;
      this.values = values;
      this.chosen = chosen;
    }

    @Override
    public boolean hasNext() {
      while (next == null && values.hasNext()) {
        rendering.step();
        Value value = values.next();
        if (chosen.test(value)) {
          next = value;
        }
      }
      return next != null;
    }

    @Override
    public Value next() {
      if (!hasNext() || next == null) {
        throw new NoSuchElementException();
      }
      Value value = next;
      next = null;
      return value;
    }
  }
}
