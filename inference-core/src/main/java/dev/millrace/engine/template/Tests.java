package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import dev.millrace.engine.template.Value.Real;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Jinja's tests by name. */
final class Tests {
  private static final Map<String, String> COMPARISONS =
      Map.ofEntries(
          Map.entry("==", "=="),
          Map.entry("eq", "=="),
          Map.entry("equalto", "=="),
          Map.entry("!=", "!="),
          Map.entry("ne", "!="),
          Map.entry(">", ">"),
          Map.entry("gt", ">"),
          Map.entry("greaterthan", ">"),
          Map.entry(">=", ">="),
          Map.entry("ge", ">="),
          Map.entry("<", "<"),
          Map.entry("lt", "<"),
          Map.entry("lessthan", "<"),
          Map.entry("<=", "<="),
          Map.entry("le", "<="),
          Map.entry("in", "in"));
  private static final Set<String> OF_ONE =
      Set.of(
          "boolean",
          "callable",
          "defined",
          "escaped",
          "even",
          "false",
          "filter",
          "float",
          "integer",
          "iterable",
          "lower",
          "mapping",
          "none",
          "number",
          "odd",
          "sequence",
          "string",
          "test",
          "true",
          "undefined",
          "upper");

  private Tests() {}

  /** Whether Jinja has a test of this name. */
  static boolean isOneOfJinja(String name) {
    return COMPARISONS.containsKey(name)
        || OF_ONE.contains(name)
        || name.equals("divisibleby")
        || name.equals("sameas");
  }

  static boolean passes(Rendering rendering, String name, Value value, Arguments given) {
    rendering.step();
    String operator = COMPARISONS.get(name);
    if (operator != null) {
      Value other = given.positionalOnly(rendering, name, 1, 1).getFirst();
      return Operators.compare(rendering, operator, value, other);
    }
    if (name.equals("divisibleby")) {
      Value by = given.bind(rendering, name, 1, "num").need("num");
      return isMultiple(rendering, value, by, 0);
    }
    if (name.equals("sameas")) {
      return same(rendering, value, given.bind(rendering, name, 1, "other").need("other"));
    }
    if (!OF_ONE.contains(name)) {
      throw rendering.fail("there is no test %s", name);
    }
    given.positionalOnly(rendering, name, 0, 0);
    return passes(rendering, name, value);
  }

  private static boolean passes(Rendering rendering, String name, Value value) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == None.NONE;
      case "boolean" -> value instanceof Bool;
      case "true" -> value == Bool.TRUE;
      case "false" -> value == Bool.FALSE;
      case "integer" -> value instanceof Int;
      case "float" -> value instanceof Real;
      case "number" -> Values.isNumber(value);
      case "string" -> value instanceof Text;
      case "mapping" -> value instanceof Dict;
      case "iterable" -> Values.isIterable(value);
      case "sequence" ->
          switch (value) {
            case Text ignored -> true;
            case Items ignored -> true;
            case Dict ignored -> true;
            case Range ignored -> true;
            case Undefined ignored -> true;
            default -> false;
          };
      case "callable" -> value instanceof Callable || value instanceof Undefined;
      case "escaped" -> value instanceof Text text && text.isMarkup();
      case "odd" -> isMultiple(rendering, value, new Int(2), 1);
      case "even" -> isMultiple(rendering, value, new Int(2), 0);
      case "lower" -> Cases.isAll(Printer.string(rendering, value), false);
      case "upper" -> Cases.isAll(Printer.string(rendering, value), true);
      case "filter" -> named(rendering, value, Filters::isOneOfJinja);
      default -> named(rendering, value, Tests::isOneOfJinja);
    };
  }

  private static boolean named(Rendering rendering, Value value, Predicate<String> known) {
    Comparison.requireHashable(rendering, value);
    return value instanceof Text text && known.test(text.string());
  }

  private static boolean isMultiple(Rendering rendering, Value value, Value of, long rest) {
    Value remainder = Operators.binary(rendering, "%", value, of);
    return Comparison.equal(rendering, remainder, new Int(rest));
  }

  private static boolean same(Rendering rendering, Value value, Value other) {
    boolean promised =
        value instanceof None
            || other instanceof None
            || value instanceof Bool
            || other instanceof Bool
            || !value.type().equals(other.type());
    if (!promised && !Comparison.same(value, other)) {
      throw rendering.refuse("sameas of values that Python may or may not share");
    }
    return Comparison.same(value, other);
  }
}
