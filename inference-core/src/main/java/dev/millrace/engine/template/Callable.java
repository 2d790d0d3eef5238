package dev.millrace.engine.template;

import org.jspecify.annotations.Nullable;

/** What can be called: macros, methods, loops, functions of the environment. */
non-sealed interface Callable extends Value {

  /** Calls it. */
  Value call(Rendering rendering, Arguments arguments);

  /** A member, or null if it has none of that name. */
  default @Nullable Value member(Rendering rendering, String name) {
    throw rendering.refuse("members of a function");
  }

  @Override
  default String type() {
    return "function";
  }
}
