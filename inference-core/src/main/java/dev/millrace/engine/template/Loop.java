package dev.millrace.engine.template;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}. Owned by the thread that renders. */
final class Loop implements Callable {

  /** Renders the loop's body for other values. */
  interface Recursion {
    Value render(Value values, int depth);
  }

  private final Rendering rendering;
  private final Value iterable;
  private final @Nullable Recursion recursion;
  private final int depth;
  private Iterator<Value> values;
  private long index0 = -1;
  private long length = -1;
  private @Nullable Value after;
  private @Nullable Value current;
  private @Nullable Value before;
  private @Nullable Value changed;

  Loop(Rendering rendering, Value iterable, @Nullable Recursion recursion, int depth) {
    this.rendering = rendering;
    this.iterable = iterable;
    this.recursion = recursion;
    this.depth = depth;
    this.values = Values.iterate(rendering, iterable);
  }

  boolean hasNext() {
    return after != null || values.hasNext();
  }

  Value next() {
    Value value = after == null ? values.next() : after;
    after = null;
    index0++;
    before = current;
    current = value;
    return value;
  }

  private @Nullable Value peek() {
    if (after == null && values.hasNext()) {
      after = values.next();
    }
    return after;
  }

  long index() {
    return index0 + 1;
  }

  long length() {
    if (length < 0) {
      if (iterable instanceof Lazy) {
        List<Value> rest = Values.list(rendering, new Lazy(values));
        values = rest.iterator();
        length = rest.size() + index() + (after == null ? 0 : 1);
      } else {
        length = Values.length(rendering, iterable);
      }
    }
    return length;
  }

  @Override
  public Value call(Rendering calling, Arguments arguments) {
    if (recursion == null) {
      throw calling.fail("a loop is called that is not recursive");
    }
    Value inner = arguments.bind(calling, "loop", 1, "iterable").need("iterable");
    return recursion.render(inner, depth + 1);
  }

  @Override
  public @Nullable Value member(Rendering asking, String name) {
    return switch (name) {
      case "index0" -> new Int(index0);
      case "index" -> new Int(index());
      case "length" -> new Int(length());
      case "revindex0" -> new Int(length() - index());
      case "revindex" -> new Int(length() - index0);
      case "first" -> Bool.of(index0 == 0);
      case "last" -> Bool.of(peek() == null);
      case "depth0" -> new Int(depth);
      case "depth" -> new Int(depth + 1);
      case "previtem" ->
          index0 == 0 || before == null ? new Undefined("there is no previous item") : before;
      case "nextitem" -> {
        Value next = peek();
        yield next == null ? new Undefined("there is no next item") : next;
      }
      case "cycle" -> new Function((r, arguments) -> cycle(r, arguments.positional()));
      case "changed" -> new Function((r, arguments) -> changed(r, arguments.positional()));
      default -> null;
    };
  }

  private Value cycle(Rendering calling, List<Value> choices) {
    if (choices.isEmpty()) {
      throw calling.fail("loop.cycle needs items");
    }
    return choices.get((int) (index0 % choices.size()));
  }

  private Value changed(Rendering calling, List<Value> now) {
    Value all = Items.tuple(now);
    boolean same = changed != null && Comparison.equal(calling, changed, all);
    changed = all;
    return Bool.of(!same);
  }

  @Override
  public String type() {
    return "LoopContext";
  }
}
