package dev.millrace.engine.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Arguments of a call.
 *
 * @param positional in order
 * @param keywords by name
 */
record Arguments(List<Value> positional, Map<String, Value> keywords) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Value... positional) {
    return new Arguments(List.of(positional), Map.of());
  }

  /** The same after another first one. */
  Arguments after(Value first) {
    List<Value> all = new java.util.ArrayList<>(positional);
    all.addFirst(first);
    return new Arguments(all, keywords);
  }

  /** Arguments of a function that takes none by name. */
  List<Value> positionalOnly(Rendering rendering, String function, int least, int most) {
    if (!keywords.isEmpty()) {
      throw rendering.fail("%s takes no arguments by name", function);
    }
    if (positional.size() < least || positional.size() > most) {
      throw rendering.fail(
          "%s takes %d to %d arguments, not %d", function, least, most, positional.size());
    }
    return positional;
  }

  /**
   * Arguments by the names of parameters.
   *
   * @param function whose, for messages
   * @param required how many of the names must be given
   * @param names of all parameters
   */
  Bound bind(Rendering rendering, String function, int required, String... names) {
    if (positional.size() > names.length) {
      throw rendering.fail("%s takes at most %d arguments", function, names.length);
    }
    Map<String, Value> bound = new LinkedHashMap<>();
    for (int i = 0; i < positional.size(); i++) {
      bound.put(names[i], positional.get(i));
    }
    for (Map.Entry<String, Value> keyword : keywords.entrySet()) {
      if (!List.of(names).contains(keyword.getKey())
          || bound.put(keyword.getKey(), keyword.getValue()) != null) {
        throw rendering.fail("%s does not take an argument %s", function, keyword.getKey());
      }
    }
    for (int i = 0; i < required; i++) {
      if (!bound.containsKey(names[i])) {
        throw rendering.fail("%s needs an argument %s", function, names[i]);
      }
    }
    return new Bound(rendering, function, bound);
  }

  /**
   * Arguments by name.
   *
   * @param rendering for failures
   * @param function whose
   * @param values those given
   */
  record Bound(Rendering rendering, String function, Map<String, Value> values) {

    /** The argument, or null if it is not given. */
    @Nullable Value get(String name) {
      return values.get(name);
    }

    Value get(String name, Value ifMissing) {
      return values.getOrDefault(name, ifMissing);
    }

    /** One that was required. */
    Value need(String name) {
      Value value = values.get(name);
      if (value == null) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "%s: %s was not required", function, name));
      }
      return value;
    }

    boolean truth(String name, boolean ifMissing) {
      Value value = values.get(name);
      return value == null ? ifMissing : Values.truth(value);
    }

    long integer(String name, long ifMissing) {
      Value value = values.get(name);
      return value == null ? ifMissing : Values.integer(rendering, value);
    }

    Text text(String name, Text ifMissing) {
      return switch (values.get(name)) {
        case null -> ifMissing;
        case Text text -> text;
        case Value other ->
            throw rendering.fail(
                "%s takes text as %s, not a value of type %s", function, name, other.type());
      };
    }
  }
}
