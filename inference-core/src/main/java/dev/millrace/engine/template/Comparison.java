package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.Real;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/** Python's equality, order and membership. */
final class Comparison {
  private Comparison() {}

  static boolean equal(Rendering rendering, Value left, Value right) {
    rendering.enter();
    try {
      return equalHere(rendering, left, right);
    } finally {
      rendering.leave();
    }
  }

  private static boolean equalHere(Rendering rendering, Value left, Value right) {
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return compareNumbers(left, right) == 0 && !isNan(left) && !isNan(right);
    }
    return switch (left) {
      case Text text -> {
        rendering.charge(text.string().length());
        yield text.equals(right);
      }
      case Items items ->
          right instanceof Items others
              && items.isTuple() == others.isTuple()
              && equalLists(rendering, items.values(), others.values());
      case Dict dict -> right instanceof Dict other && equalDicts(rendering, dict, other);
      case Undefined ignored -> right instanceof Undefined;
      case Range range -> {
        if (!(right instanceof Range other)) {
          yield false;
        }
        long length = range.length();
        yield length == other.length()
            && (length == 0
                || (range.start() == other.start()
                    && (length == 1 || range.step() == other.step())));
      }
      case View ignored when right instanceof View ->
          throw rendering.refuse("comparing views of mappings");
      default -> same(left, right);
    };
  }

  /** Python's {@code is}, for values whose identity it promises. */
  @SuppressWarnings("ReferenceEquality") // identity is the question
  static boolean same(Value left, Value right) {
    return left == right;
  }

  private static boolean equalLists(Rendering rendering, List<Value> left, List<Value> right) {
    if (left.size() != right.size()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      rendering.charge(1);
      if (!equal(rendering, left.get(i), right.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean equalDicts(Rendering rendering, Dict left, Dict right) {
    if (left.size() != right.size()) {
      return false;
    }
    for (Dict.Entry entry : left.entries()) {
      rendering.charge(1);
      Value other = right.get(entry.key());
      if (other == null || !equal(rendering, entry.value(), other)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNan(Value value) {
    return value instanceof Real real && Double.isNaN(real.value());
  }

  private static int compareNumbers(Value left, Value right) {
    if (left instanceof Real || right instanceof Real) {
      double first = number(left);
      double second = number(right);
      if (Double.isInfinite(first) || Double.isInfinite(second) || isNan(left) || isNan(right)) {
        return Double.compare(first, second);
      }
      return exact(left).compareTo(exact(right));
    }
    return Long.compare(whole(left), whole(right));
  }

  private static double number(Value value) {
    return value instanceof Real real ? real.value() : (double) whole(value);
  }

  private static long whole(Value value) {
    if (value instanceof Int number) {
      return number.value();
    }
    return value == Bool.TRUE ? 1 : 0;
  }

  private static BigDecimal exact(Value value) {
    return value instanceof Real real
        ? new BigDecimal(real.value())
        : BigDecimal.valueOf(whole(value));
  }

  /** One of {@code < <= > >=}. */
  static boolean ordered(Rendering rendering, String operator, Value left, Value right) {
    if (isNan(left) || isNan(right)) {
      return false;
    }
    int order = compare(rendering, left, right);
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  static int compare(Rendering rendering, Value left, Value right) {
    rendering.step();
    if (left instanceof Undefined undefined) {
      throw rendering.undefined(undefined);
    }
    if (right instanceof Undefined undefined) {
      throw rendering.undefined(undefined);
    }
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return compareNumbers(left, right);
    }
    if (left instanceof Text first && right instanceof Text second) {
      rendering.charge(Math.min(first.string().length(), second.string().length()));
      return compareTexts(first.string(), second.string());
    }
    if (left instanceof Items first
        && right instanceof Items second
        && first.isTuple() == second.isTuple()) {
      int shorter = Math.min(first.values().size(), second.values().size());
      for (int i = 0; i < shorter; i++) {
        Value one = first.values().get(i);
        Value other = second.values().get(i);
        if (!equal(rendering, one, other)) {
          return compare(rendering, one, other);
        }
      }
      return Integer.compare(first.values().size(), second.values().size());
    }
    throw rendering.fail("%s and %s have no order", left.type(), right.type());
  }

  /** By code points, where Java compares halves of them. */
  static int compareTexts(String left, String right) {
    int at = 0;
    while (at < left.length() && at < right.length()) {
      int first = left.codePointAt(at);
      int second = right.codePointAt(at);
      if (first != second) {
        return Integer.compare(first, second);
      }
      at += Character.charCount(first);
    }
    return Integer.compare(left.length(), right.length());
  }

  /** Python's {@code in}. */
  static boolean contains(Rendering rendering, Value container, Value value) {
    return switch (container) {
      case Text text -> {
        if (!(value instanceof Text sought)) {
          throw rendering.fail("'in' text takes text, not a value of type %s", value.type());
        }
        rendering.chargeSearch(text, sought);
        yield text.string().contains(sought.string());
      }
      case Dict dict -> {
        requireHashable(rendering, value);
        yield dict.get(value) != null;
      }
      case View view when view.type().equals("dict_keys") -> {
        requireHashable(rendering, value);
        yield view.dict().get(value) != null;
      }
      default -> {
        Iterator<Value> values = Values.iterate(rendering, container);
        boolean found = false;
        while (!found && values.hasNext()) {
          rendering.charge(1);
          found = equal(rendering, values.next(), value);
        }
        yield found;
      }
    };
  }

  static void requireHashable(Rendering rendering, Value value) {
    if (Dict.hash(value) == null) {
      throw rendering.fail("a value of type %s cannot be a key", value.type());
    }
  }

  /** Python's {@code sorted}. */
  static List<Value> sorted(
      Rendering rendering, List<Value> values, List<Value> keys, boolean reverse) {
    rendering.charge(16L * values.size());
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      order.add(i);
    }
    if (values.size() == 1) {
      return List.copyOf(values);
    }
    Comparator<Integer> byKey = (a, b) -> compare(rendering, keys.get(a), keys.get(b));
    order.sort(reverse ? byKey.reversed() : byKey);
    List<Value> sorted = new ArrayList<>();
    order.forEach(i -> sorted.add(values.get(i)));
    return sorted;
  }
}
