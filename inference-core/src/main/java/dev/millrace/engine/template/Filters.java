package dev.millrace.engine.template;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Jinja's filters by name. */
final class Filters {

  /** A filter. */
  interface Filter {
    Value apply(Rendering rendering, Value input, Arguments given);
  }

  private static final Map<String, Filter> TABLE = table();

  /** Filters that Jinja has and this engine has not. */
  private static final Set<String> REFUSED =
      Set.of(
          "attr",
          "filesizeformat",
          "pprint",
          "random",
          "striptags",
          "urlize",
          "wordwrap",
          "xmlattr");

  private Filters() {}

  private static Map<String, Filter> table() {
    Map<String, Filter> table = new HashMap<>();
    TextFilters.addTo(table);
    NumberFilters.addTo(table);
    SequenceFilters.addTo(table);
    Selections.addTo(table);
    return Map.copyOf(table);
  }

  /** Whether Jinja has a filter of this name. */
  static boolean isOneOfJinja(String name) {
    return TABLE.containsKey(name) || REFUSED.contains(name);
  }

  static Value apply(Rendering rendering, String name, Value input, Arguments given) {
    Filter filter = TABLE.get(name);
    if (filter == null) {
      throw REFUSED.contains(name)
          ? rendering.refuse("the filter " + name)
          : rendering.fail("there is no filter %s", name);
    }
    rendering.step();
    return filter.apply(rendering, input, given);
  }
}
