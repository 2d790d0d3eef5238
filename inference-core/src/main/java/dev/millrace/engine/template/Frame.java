package dev.millrace.engine.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The variables of a scope while it runs. A loop enters one frame again and again, so that what
 * closes over it sees the newest turn, as in Python. Owned by the thread that renders.
 */
final class Frame {
  private final Scope scope;
  private final @Nullable Frame around;
  private final Map<String, Value> values = new HashMap<>();

  Frame(Scope scope, @Nullable Frame around) {
    this.scope = scope;
    this.around = around;
  }

  /** Gives all variables but the parameters their first values. */
  void enter(Rendering rendering) {
    scope
        .origins()
        .forEach((name, origin) -> {
          switch (origin) {
            case PARAMETER -> {}
            case GIVEN -> put(name, rendering.variable(name));
            case AROUND -> put(name, around == null ? null : around.get(rendering, name));
            case MISSING -> values.remove(name);
          }
        });
  }

  void leave() {
    values.clear();
  }

  private void put(String name, @Nullable Value value) {
    if (value == null) {
      values.remove(name);
    } else {
      values.put(name, value);
    }
  }

  void set(String name, Value value) {
    values.put(name, value);
  }

  /** A variable's value, or null if it has none. */
  @Nullable Value get(Rendering rendering, String name) {
    if (scope.origins().containsKey(name)) {
      return values.get(name);
    }
    if (around == null) {
      throw rendering.refuse("the variable " + name + " in this place");
    }
    return around.get(rendering, name);
  }
}
