package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import dev.millrace.engine.template.Value.Real;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.LongStream;

/** What Python does with any value: truth, length, iteration. */
final class Values {
  private Values() {}

  static boolean truth(Value value) {
    return switch (value) {
      case Bool truth -> truth == Bool.TRUE;
      case Int number -> number.value() != 0;
      case Real number -> number.value() != 0;
      case None ignored -> false;
      case Undefined ignored -> false;
      case Text text -> !text.isEmpty();
      case Items items -> !items.values().isEmpty();
      case Dict dict -> dict.size() > 0;
      case Range range -> range.length() > 0;
      case View view -> view.dict().size() > 0;
      case Loop loop -> loop.length() > 0;
      case Lazy ignored -> true;
      case Namespace ignored -> true;
      case Callable ignored -> true;
    };
  }

  /** An integer or truth value as a number. */
  static long integer(Rendering rendering, Value value) {
    return switch (value) {
      case Int number -> number.value();
      case Bool truth -> truth == Bool.TRUE ? 1 : 0;
      case Undefined undefined -> throw rendering.undefined(undefined);
      default -> throw rendering.fail("an integer is needed, not a value of %s", value.type());
    };
  }

  static boolean isInteger(Value value) {
    return value instanceof Int || value instanceof Bool;
  }

  static boolean isNumber(Value value) {
    return isInteger(value) || value instanceof Real;
  }

  static double real(Rendering rendering, Value value) {
    return value instanceof Real number ? number.value() : integer(rendering, value);
  }

  /** Python's {@code len}. */
  static long length(Rendering rendering, Value value) {
    return switch (value) {
      case Text text -> text.length();
      case Items items -> items.values().size();
      case Dict dict -> dict.size();
      case Range range -> range.length();
      case View view -> view.dict().size();
      case Undefined ignored -> 0;
      case Loop loop -> loop.length();
      default -> throw rendering.fail("a value of type %s has no length", value.type());
    };
  }

  static boolean isIterable(Value value) {
    return switch (value) {
      case Text ignored -> true;
      case Items ignored -> true;
      case Dict ignored -> true;
      case Range ignored -> true;
      case View ignored -> true;
      case Lazy ignored -> true;
      case Undefined ignored -> true;
      case Loop ignored -> true;
      default -> false;
    };
  }

  /** Python's {@code iter}. */
  static Iterator<Value> iterate(Rendering rendering, Value value) {
    return switch (value) {
      case Items items -> items.values().iterator();
      case Text text -> {
        rendering.charge(text.string().length());
        yield List.<Value>copyOf(text.characters()).iterator();
      }
      case Dict dict -> new View("dict_keys", dict).values().iterator();
      case View view -> view.values().iterator();
      case Range range -> LongStream.range(0, range.length()).mapToObj(range::at).iterator();
      case Lazy lazy -> lazy.values();
      case Undefined ignored -> List.<Value>of().iterator();
      case Loop ignored -> throw rendering.refuse("iterating over loop");
      default -> throw rendering.fail("a value of type %s cannot be iterated over", value.type());
    };
  }

  /** Python's {@code list}. */
  static List<Value> list(Rendering rendering, Value value) {
    List<Value> all = new ArrayList<>();
    Iterator<Value> values = iterate(rendering, value);
    while (values.hasNext()) {
      rendering.charge(1);
      all.add(values.next());
    }
    return all;
  }

  /** The text of a text value, for operations that take nothing else. */
  static Text text(Rendering rendering, Value value, String what) {
    return switch (value) {
      case Text text -> text;
      case Undefined undefined -> throw rendering.undefined(undefined);
      default -> throw rendering.fail("%s takes text, not a value of %s", what, value.type());
    };
  }

  /** The same text without a claim to be safe for HTML. */
  static Text plain(Rendering rendering, Value value, String what) {
    Text text = text(rendering, value, what);
    if (text.isMarkup()) {
      throw rendering.refuse(what + " of text marked safe or escaped");
    }
    return text;
  }
}
