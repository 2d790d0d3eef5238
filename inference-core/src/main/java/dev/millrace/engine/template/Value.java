package dev.millrace.engine.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a template computes with: the values of Python that templates meet. */
public sealed interface Value
    permits Callable,
        Dict,
        Items,
        Lazy,
        Namespace,
        Range,
        Text,
        Undefined,
        Value.Bool,
        Value.Int,
        Value.None,
        Value.Real,
        View {

  /** Python's name of the type. */
  String type();

  /** The absent value. */
  enum None implements Value {
    /** The only one. */
    NONE;

    @Override
    public String type() {
      return "NoneType";
    }
  }

  /** A truth value, which Python counts among the integers. */
  enum Bool implements Value {
    /** 1. */
    TRUE,
    /** 0. */
    FALSE;

    /** The one or the other. */
    public static Bool of(boolean value) {
      return value ? TRUE : FALSE;
    }

    @Override
    public String type() {
      return "bool";
    }
  }

  /** An integer of up to 64 bits; larger ones are refused where they arise. */
  record Int(long value) implements Value {
    @Override
    public String type() {
      return "int";
    }
  }

  /** A floating-point number. */
  record Real(double value) implements Value {
    @Override
    public String type() {
      return "float";
    }
  }

  /**
   * From Java's maps with text keys, lists, strings, whole and floating numbers, truth values and
   * null.
   *
   * @throws IllegalArgumentException for anything else
   */
  static Value of(@Nullable Object object) {
    return switch (object) {
      case null -> None.NONE;
      case Value value -> value;
      case String string -> Text.of(string);
      case Boolean truth -> Bool.of(truth);
      case Integer number -> new Int(number);
      case Long number -> new Int(number);
      case Double number -> new Real(number);
      case List<?> list -> {
        List<Value> items = new ArrayList<>();
        list.forEach(item -> items.add(of(item)));
        yield Items.list(items);
      }
      case Map<?, ?> map -> {
        Dict dict = new Dict();
        map.forEach((key, value) -> dict.put(Text.of((String) key), of(value)));
        yield dict;
      }
      default -> throw new IllegalArgumentException("no value of a template: " + object.getClass());
    };
  }
}
