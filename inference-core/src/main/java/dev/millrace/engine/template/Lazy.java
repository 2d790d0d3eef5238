package dev.millrace.engine.template;

import java.util.Iterator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A generator: computed while it is iterated over, once. Not thread-safe.
 *
 * @param values what it still has
 */
record Lazy(Iterator<Value> values) implements Value {

  /** One that begins when it is first asked. */
  static Lazy of(Supplier<Iterator<Value>> begin) {
    return new Lazy(
        new Iterator<>() {
          private @Nullable Iterator<Value> begun;

          private Iterator<Value> begun() {
            Iterator<Value> values = begun == null ? begin.get() : begun;
            begun = values;
            return values;
          }

          @Override
          public boolean hasNext() {
            return begun().hasNext();
          }

          @Override
          public Value next() {
            return begun().next();
          }
        });
  }

  @Override
  public String type() {
    return "generator";
  }
}
