package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes and items, as the sandbox gives them out. */
final class Members {
  private static final Set<String> NUMBER =
      Set.of(
          "as_integer_ratio",
          "bit_count",
          "bit_length",
          "conjugate",
          "denominator",
          "from_bytes",
          "fromhex",
          "hex",
          "imag",
          "is_integer",
          "numerator",
          "real",
          "to_bytes");
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Members() {}

  /** {@code of.name}: the attribute, else the item. */
  static Value attribute(Rendering rendering, Value of, String name) {
    Value found = own(rendering, of, name);
    if (found == null && of instanceof Dict dict) {
      found = dict.get(name);
    }
    return found == null ? Undefined.member(of, name) : found;
  }

  /** {@code of[index]}: the item, else the attribute. */
  static Value item(Rendering rendering, Value of, Value index) {
    Value found =
        switch (of) {
          case Undefined undefined -> throw rendering.undefined(undefined);
          case Dict dict -> dict.get(index);
          case Items items when Values.isInteger(index) -> {
            long at = position(rendering, index, items.values().size());
            yield at < 0 ? null : items.values().get((int) at);
          }
          case Text text when Values.isInteger(index) -> {
            long at = position(rendering, index, text.length());
            yield at < 0 ? null : text.sub(text.position((int) at), text.position((int) at + 1));
          }
          case Range range when Values.isInteger(index) -> {
            long at = position(rendering, index, range.length());
            yield at < 0 ? null : range.at(at);
          }
          default -> null;
        };
    if (found == null && index instanceof Text name) {
      found = own(rendering, of, name.string());
    }
    return found == null
        ? Undefined.member(of, index instanceof Text ? "of the name that is asked for" : "there")
        : found;
  }

  private static long position(Rendering rendering, Value index, long length) {
    long at = Values.integer(rendering, index);
    long from = at < 0 ? at + length : at;
    return from < 0 || from >= length ? -1 : from;
  }

  /** An attribute of the value itself, or null. */
  private static @Nullable Value own(Rendering rendering, Value of, String name) {
    if (of instanceof Undefined undefined) {
      throw rendering.undefined(undefined);
    }
    if (name.startsWith("__")) {
      throw rendering.refuse("access to Python's own attributes");
    }
    return switch (of) {
      case Text text -> StringMethods.get(rendering, text, name);
      case Dict dict -> dict(rendering, dict, name);
      case Items items -> items(items, name);
      case Namespace namespace -> namespace.members().get(name);
      case Callable callable -> callable.member(rendering, name);
      case Range range ->
          switch (name) {
            case "start" -> new Int(range.start());
            case "stop" -> new Int(range.stop());
            case "step" -> new Int(range.step());
            case "count", "index" -> throw rendering.refuse("range." + name);
            default -> null;
          };
      case View ignored when Set.of("mapping", "isdisjoint").contains(name) ->
          throw rendering.refuse(of.type() + "." + name);
      case Lazy ignored
          when name.startsWith("gi_") || Set.of("send", "close", "throw").contains(name) ->
          throw rendering.refuse("a generator's " + name);
      case None ignored -> null;
      default -> {
        if (Values.isNumber(of) && NUMBER.contains(name)) {
          throw rendering.refuse("a number's " + name);
        }
        yield null;
      }
    };
  }

  private static @Nullable Value dict(Rendering rendering, Dict dict, String name) {
    if (DICT_CHANGES.contains(name)) {
      return unsafe(name);
    }
    return switch (name) {
      case "get" ->
          new Function((r, arguments) -> {
            List<Value> given = arguments.positionalOnly(r, "get", 1, 2);
            Comparison.requireHashable(r, given.getFirst());
            Value found = dict.get(given.getFirst());
            return found != null ? found : given.size() > 1 ? given.get(1) : None.NONE;
          });
      case "items", "keys", "values" ->
          new Function((r, arguments) -> {
            arguments.positionalOnly(r, name, 0, 0);
            return new View("dict_" + name, dict);
          });
      case "copy" ->
          new Function((r, arguments) -> {
            arguments.positionalOnly(r, name, 0, 0);
            Dict copy = new Dict();
            dict.entries().forEach(entry -> copy.put(entry.key(), entry.value()));
            return copy;
          });
      case "fromkeys" -> throw rendering.refuse("dict.fromkeys");
      default -> null;
    };
  }

  private static @Nullable Value items(Items items, String name) {
    int named = items.names().indexOf(name);
    if (named >= 0) {
      return items.values().get(named);
    }
    if (!items.isTuple() && LIST_CHANGES.contains(name)) {
      return unsafe(name);
    }
    return switch (name) {
      case "count" ->
          new Function((r, arguments) -> {
            Value sought = arguments.positionalOnly(r, name, 1, 1).getFirst();
            r.charge(items.values().size());
            return new Int(
                items.values().stream().filter(each -> Comparison.equal(r, each, sought)).count());
          });
      case "index" ->
          new Function((r, arguments) -> {
            Value sought = arguments.positionalOnly(r, name, 1, 1).getFirst();
            for (int i = 0; i < items.values().size(); i++) {
              r.charge(1);
              if (Comparison.equal(r, items.values().get(i), sought)) {
                return new Int(i);
              }
            }
            throw r.fail("a list has no such item");
          });
      case "copy" ->
          items.isTuple()
              ? null
              : new Function((r, arguments) -> {
                arguments.positionalOnly(r, name, 0, 0);
                return Items.list(new ArrayList<>(items.values()));
              });
      default -> null;
    };
  }

  /** What the sandbox gives in place of a method that would change a value. */
  private static Undefined unsafe(String name) {
    return new Undefined("the method " + name + " would change a value, which Jinja forbids");
  }
}
