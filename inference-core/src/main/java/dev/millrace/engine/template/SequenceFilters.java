package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Jinja's filters for sequences and mappings. */
final class SequenceFilters {
  private SequenceFilters() {}

  static void addTo(Map<String, Filters.Filter> table) {
    table.put("length", SequenceFilters::length);
    table.put("count", SequenceFilters::length);
    table.put("list", (r, in, given) -> Items.list(Values.list(r, none(r, in, given))));
    table.put("first", SequenceFilters::first);
    table.put("last", SequenceFilters::last);
    table.put("reverse", SequenceFilters::reverse);
    table.put("items", SequenceFilters::items);
    table.put("sort", SequenceFilters::sort);
    table.put("dictsort", SequenceFilters::dictSort);
    table.put("unique", SequenceFilters::unique);
    table.put("groupby", SequenceFilters::groupBy);
    table.put("min", (r, in, given) -> extreme(r, in, given, "min"));
    table.put("max", (r, in, given) -> extreme(r, in, given, "max"));
    table.put("batch", SequenceFilters::batch);
    table.put("slice", SequenceFilters::slice);
  }

  private static Value none(Rendering rendering, Value input, Arguments given) {
    given.positionalOnly(rendering, "a filter", 0, 0);
    return input;
  }

  private static Value length(Rendering rendering, Value input, Arguments given) {
    return new Int(Values.length(rendering, none(rendering, input, given)));
  }

  private static Value first(Rendering rendering, Value input, Arguments given) {
    Iterator<Value> values = Values.iterate(rendering, none(rendering, input, given));
    return values.hasNext() ? values.next() : new Undefined("No first item, sequence was empty.");
  }

  private static Value last(Rendering rendering, Value input, Arguments given) {
    if (none(rendering, input, given) instanceof Lazy) {
      throw rendering.fail("last takes no generator (add | list)");
    }
    List<Value> values = Values.list(rendering, input);
    return values.isEmpty() ? new Undefined("No last item, sequence was empty.") : values.getLast();
  }

  private static Value reverse(Rendering rendering, Value input, Arguments given) {
    if (none(rendering, input, given) instanceof Text text) {
      return Slices.slice(rendering, text, None.NONE, None.NONE, new Int(-1));
    }
    List<Value> values = new ArrayList<>(Values.list(rendering, input));
    Collections.reverse(values);
    return input instanceof Lazy ? Items.list(values) : new Lazy(values.iterator());
  }

  private static Value items(Rendering rendering, Value input, Arguments given) {
    return switch (none(rendering, input, given)) {
      case Undefined ignored -> new Lazy(List.<Value>of().iterator());
      case Dict dict -> new Lazy(new View("dict_items", dict).values().iterator());
      default -> throw rendering.fail("items takes a mapping, not a value of %s", input.type());
    };
  }

  private static Value sort(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound =
        given.bind(rendering, "sort", 0, "reverse", "case_sensitive", "attribute");
    boolean caseMatters = bound.truth("case_sensitive", false);
    Value attribute = bound.get("attribute", None.NONE);
    List<Attributes> paths = new ArrayList<>();
    if (attribute instanceof Text text) {
      for (Value each : Strings.split(rendering, text, Text.of(","), -1, false)) {
        paths.add(Attributes.of(rendering, each, None.NONE));
      }
    } else {
      paths.add(Attributes.of(rendering, attribute, None.NONE));
    }
    List<Value> values = Values.list(rendering, input);
    List<Value> keys = new ArrayList<>();
    for (Value value : values) {
      List<Value> key = new ArrayList<>();
      for (Attributes path : paths) {
        key.add(Attributes.folded(rendering, path.get(rendering, value), caseMatters));
      }
      keys.add(Items.list(key));
    }
    return Items.list(Comparison.sorted(rendering, values, keys, bound.truth("reverse", false)));
  }

  private static Value dictSort(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "dictsort", 0, "case_sensitive", "by", "reverse");
    String by = bound.text("by", Text.of("key")).string();
    if (!(input instanceof Dict dict) || !Set.of("key", "value").contains(by)) {
      throw rendering.fail("dictsort takes a mapping, and sorts by key or value");
    }
    List<Value> values = new View("dict_items", dict).values();
    List<Value> keys = new ArrayList<>();
    for (Dict.Entry entry : dict.entries()) {
      Value key = by.equals("key") ? entry.key() : entry.value();
      keys.add(Attributes.folded(rendering, key, bound.truth("case_sensitive", false)));
    }
    return Items.list(Comparison.sorted(rendering, values, keys, bound.truth("reverse", false)));
  }

  /** The values' keys of a filter that takes case_sensitive and attribute. */
  private static List<Value> keys(Rendering rendering, List<Value> values, Arguments.Bound bound) {
    boolean caseMatters = bound.truth("case_sensitive", false);
    Attributes path =
        Attributes.of(
            rendering, bound.get("attribute", None.NONE), bound.get("default", None.NONE));
    List<Value> keys = new ArrayList<>();
    for (Value value : values) {
      keys.add(Attributes.folded(rendering, path.get(rendering, value), caseMatters));
    }
    return keys;
  }

  private static Value unique(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "unique", 0, "case_sensitive", "attribute");
    return Lazy.of(() -> {
      List<Value> values = Values.list(rendering, input);
      List<Value> keys = keys(rendering, values, bound);
      Set<Object> seen = new HashSet<>();
      List<Value> first = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) {
        Object hash = Dict.hash(keys.get(i));
        if (hash == null) {
          throw rendering.fail("unique takes no value of type %s", keys.get(i).type());
        }
        if (seen.add(hash)) {
          first.add(values.get(i));
        }
      }
      return first.iterator();
    });
  }

  private static Value groupBy(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound =
        given.bind(rendering, "groupby", 1, "attribute", "default", "case_sensitive");
    List<Value> all = Values.list(rendering, input);
    List<Value> values = Comparison.sorted(rendering, all, keys(rendering, all, bound), false);
    List<Value> keys = keys(rendering, values, bound);
    Attributes path =
        Attributes.of(rendering, bound.need("attribute"), bound.get("default", None.NONE));
    List<Value> groups = new ArrayList<>();
    List<Value> group = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      group.add(values.get(i));
      boolean ends =
          i + 1 == values.size() || !Comparison.equal(rendering, keys.get(i), keys.get(i + 1));
      if (ends) {
        Value name = path.get(rendering, group.getFirst());
        groups.add(
            Items.named(List.of("grouper", "list"), List.of(name, Items.list(List.copyOf(group)))));
        group.clear();
      }
    }
    return Items.list(groups);
  }

  private static Value extreme(Rendering rendering, Value input, Arguments given, String which) {
    Arguments.Bound bound = given.bind(rendering, which, 0, "case_sensitive", "attribute");
    List<Value> values = Values.list(rendering, input);
    if (values.isEmpty()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    List<Value> keys = keys(rendering, values, bound);
    int best = 0;
    for (int i = 1; i < values.size(); i++) {
      String operator = which.equals("min") ? "<" : ">";
      if (Comparison.ordered(rendering, operator, keys.get(i), keys.get(best))) {
        best = i;
      }
    }
    return values.get(best);
  }

  private static Value batch(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "batch", 1, "linecount", "fill_with");
    long size = bound.integer("linecount", 0);
    Value fill = bound.get("fill_with", None.NONE);
    if (size < 1 || size > Range.LENGTH_MAX) {
      throw rendering.refuse("batches of " + size + " items");
    }
    return Lazy.of(() -> {
      List<Value> batches = new ArrayList<>();
      List<Value> batch = new ArrayList<>();
      for (Value value : Values.list(rendering, input)) {
        if (batch.size() == size) {
          batches.add(Items.list(batch));
          batch = new ArrayList<>();
        }
        batch.add(value);
      }
      if (!batch.isEmpty()) {
        while (fill != None.NONE && batch.size() < size) {
          rendering.charge(1);
          batch.add(fill);
        }
        batches.add(Items.list(batch));
      }
      return batches.iterator();
    });
  }

  private static Value slice(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "slice", 1, "slices", "fill_with");
    int count = (int) Math.clamp(bound.integer("slices", 0), 0L, Range.LENGTH_MAX + 1L);
    Value fill = bound.get("fill_with", None.NONE);
    if (count < 1 || count > Range.LENGTH_MAX) {
      throw rendering.refuse("a number of slices below 1 or above 100000");
    }
    return Lazy.of(() -> {
      List<Value> values = Values.list(rendering, input);
      rendering.charge(count);
      int each = values.size() / count;
      int longer = values.size() % count;
      List<Value> slices = new ArrayList<>();
      int from = 0;
      for (int i = 0; i < count; i++) {
        int to = from + each + (i < longer ? 1 : 0);
        List<Value> slice = new ArrayList<>(values.subList(from, to));
        if (fill != None.NONE && i >= longer) {
          slice.add(fill);
        }
        slices.add(Items.list(slice));
        from = to;
      }
      return slices.iterator();
    });
  }
}
