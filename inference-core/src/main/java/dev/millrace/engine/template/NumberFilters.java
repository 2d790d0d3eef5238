package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import dev.millrace.engine.template.Value.Real;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Jinja's filters for numbers, and for what is missing. */
final class NumberFilters {
  private static final int PRECISION_MAX = 300;

  private NumberFilters() {}

  static void addTo(Map<String, Filters.Filter> table) {
    table.put("int", NumberFilters::integer);
    table.put("float", NumberFilters::real);
    table.put("abs", NumberFilters::abs);
    table.put("round", NumberFilters::round);
    table.put("sum", NumberFilters::sum);
    table.put("default", NumberFilters::ifMissing);
    table.put("d", NumberFilters::ifMissing);
  }

  private static Value ifMissing(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "default", 0, "default_value", "boolean");
    boolean missing =
        input instanceof Undefined || (bound.truth("boolean", false) && !Values.truth(input));
    return missing ? bound.get("default_value", Text.EMPTY) : input;
  }

  private static Value integer(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "int", 0, "default", "base");
    if (bound.integer("base", 10) != 10) {
      throw rendering.refuse("int with another base than 10");
    }
    Value ifNone = bound.get("default", new Int(0));
    return switch (input) {
      case Undefined undefined -> throw rendering.undefined(undefined);
      case Real number ->
          Double.isNaN(number.value())
              ? ifNone
              : new Int(Numbers.truncated(rendering, number.value()));
      case Text text -> {
        Value whole = Numbers.integer(rendering, text);
        if (whole != null) {
          yield whole;
        }
        Double number = Numbers.real(rendering, text);
        yield number == null || !Double.isFinite(number)
            ? ifNone
            : new Int(Numbers.truncated(rendering, number));
      }
      default -> Values.isInteger(input) ? new Int(Values.integer(rendering, input)) : ifNone;
    };
  }

  private static Value real(Rendering rendering, Value input, Arguments given) {
    Value ifNone = given.bind(rendering, "float", 0, "default").get("default", new Real(0));
    return switch (input) {
      case Undefined undefined -> throw rendering.undefined(undefined);
      case Text text -> {
        Double number = Numbers.real(rendering, text);
        yield number == null ? ifNone : new Real(number);
      }
      default -> Values.isNumber(input) ? new Real(Values.real(rendering, input)) : ifNone;
    };
  }

  private static Value abs(Rendering rendering, Value input, Arguments given) {
    given.positionalOnly(rendering, "abs", 0, 0);
    if (!Values.isNumber(input)) {
      throw rendering.fail("abs takes a number, not a value of %s", input.type());
    }
    boolean negative = Values.real(rendering, input) < 0;
    return input instanceof Real number
        ? new Real(Math.abs(number.value()))
        : Operators.unary(rendering, negative ? "-" : "+", input);
  }

  private static Value round(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "round", 0, "precision", "method");
    int precision = (int) Math.clamp(bound.integer("precision", 0), -400L, 400L);
    String method = bound.text("method", Text.of("common")).string();
    if (!List.of("common", "ceil", "floor").contains(method)) {
      throw rendering.fail("round knows the methods common, ceil and floor");
    }
    if (!Values.isNumber(input)) {
      throw rendering.fail("round takes a number, not a value of %s", input.type());
    }
    boolean common = method.equals("common");
    if (Math.abs(precision) > PRECISION_MAX || (!common && (precision < 0 || precision > 15))) {
      throw rendering.refuse("round to this precision");
    }
    double value = Values.real(rendering, input);
    if (!Double.isFinite(value)) {
      throw rendering.refuse("round of infinity");
    }
    if (!common) {
      double scale = Math.pow(10, precision);
      double scaled = value * scale;
      if (Math.abs(scaled) >= 0x1p53) {
        throw rendering.refuse("round of numbers this large");
      }
      return new Real((method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
    }
    if (input instanceof Real) {
      double rounded =
          new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
      return new Real(Math.copySign(rounded, value));
    }
    BigDecimal whole = BigDecimal.valueOf(Values.integer(rendering, input));
    BigDecimal rounded = whole.setScale(Math.min(precision, 0), RoundingMode.HALF_EVEN);
    if (rounded.toBigInteger().bitLength() > 63) {
      throw rendering.refuse("an integer beyond 64 bits");
    }
    return new Int(rounded.longValue());
  }

  private static Value sum(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "sum", 0, "attribute", "start");
    Attributes path = Attributes.of(rendering, bound.get("attribute", None.NONE), None.NONE);
    Value sum = bound.get("start", new Int(0));
    if (sum instanceof Text) {
      throw rendering.fail("sum adds no texts");
    }
    Iterator<Value> values = Values.iterate(rendering, input);
    while (values.hasNext()) {
      rendering.step();
      Value value = path.get(rendering, values.next());
      if (sum instanceof Real || value instanceof Real) {
        // Newer releases of Python carry a correction along, older do not.
        throw rendering.refuse("sum of fractions");
      }
      sum = Operators.binary(rendering, "+", sum, value);
    }
    return sum;
  }
}
