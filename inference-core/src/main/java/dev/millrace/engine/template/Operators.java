package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.Real;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/** Python's operators. */
final class Operators {
  private static final long EXACT_AS_DOUBLE = 1L << 53;
  private static final MathContext BEYOND_DOUBLE = new MathContext(60);

  private Operators() {}

  static Value unary(Rendering rendering, String operator, Value operand) {
    if (operator.equals("not")) {
      return Bool.of(!Values.truth(operand));
    }
    if (operand instanceof Undefined undefined) {
      throw rendering.undefined(undefined);
    }
    if (!Values.isNumber(operand)) {
      throw rendering.fail("%s has no sign", operand.type());
    }
    boolean minus = operator.equals("-");
    if (operand instanceof Real number) {
      return minus ? new Real(-number.value()) : number;
    }
    long number = Values.integer(rendering, operand);
    return integer(
        rendering, BigInteger.valueOf(number).multiply(BigInteger.valueOf(minus ? -1 : 1)));
  }

  static boolean compare(Rendering rendering, String operator, Value left, Value right) {
    return switch (operator) {
      case "==" -> Comparison.equal(rendering, left, right);
      case "!=" -> !Comparison.equal(rendering, left, right);
      case "in" -> Comparison.contains(rendering, right, left);
      case "not in" -> !Comparison.contains(rendering, right, left);
      default -> Comparison.ordered(rendering, operator, left, right);
    };
  }

  static Value binary(Rendering rendering, String operator, Value left, Value right) {
    if (operator.equals("%") && left instanceof Text format) {
      return PercentFormat.format(rendering, format, right);
    }
    if (left instanceof Undefined undefined) {
      throw rendering.undefined(undefined);
    }
    if (right instanceof Undefined undefined) {
      throw rendering.undefined(undefined);
    }
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return left instanceof Real || right instanceof Real || operator.equals("/")
          ? reals(rendering, operator, left, right)
          : integers(rendering, operator, left, right);
    }
    if (operator.equals("+") && left instanceof Text first && right instanceof Text second) {
      return add(rendering, first, second);
    }
    if (operator.equals("+")
        && left instanceof Items first
        && right instanceof Items second
        && first.isTuple() == second.isTuple()) {
      rendering.charge(first.values().size() + (long) second.values().size());
      List<Value> all = new ArrayList<>(first.values());
      all.addAll(second.values());
      return first.like(all);
    }
    if (operator.equals("*") && Values.isInteger(right)) {
      return repeat(rendering, left, Values.integer(rendering, right));
    }
    if (operator.equals("*") && Values.isInteger(left)) {
      return repeat(rendering, right, Values.integer(rendering, left));
    }
    throw rendering.fail("%s cannot stand between %s and %s", operator, left.type(), right.type());
  }

  /** Text after text; if one of them is safe for HTML, the other is made so. */
  private static Text add(Rendering rendering, Text first, Text second) {
    rendering.charge(first.string().length() + (long) second.string().length());
    if (first.isMarkup() == second.isMarkup()) {
      return first.plus(second).markup(first.isMarkup());
    }
    Text one = first.isMarkup() ? first : TextFilters.escape(rendering, first);
    Text other = second.isMarkup() ? second : TextFilters.escape(rendering, second);
    return one.plus(other).markup(true);
  }

  private static Value repeat(Rendering rendering, Value value, long times) {
    long count = Math.max(0, times);
    return switch (value) {
      case Text text -> {
        chargeProduct(rendering, text.string().length(), count);
        TextBuilder out = new TextBuilder();
        for (long i = 0; i < count && !text.isEmpty(); i++) {
          out.append(text);
        }
        yield out.text().markup(text.isMarkup());
      }
      case Items items -> {
        chargeProduct(rendering, items.values().size(), count);
        List<Value> all = new ArrayList<>();
        for (long i = 0; i < count && !items.values().isEmpty(); i++) {
          all.addAll(items.values());
        }
        yield items.like(all);
      }
      default -> throw rendering.fail("a value of type %s cannot be repeated", value.type());
    };
  }

  private static void chargeProduct(Rendering rendering, long size, long times) {
    rendering.charge(size == 0 ? 0 : times > Integer.MAX_VALUE ? Long.MAX_VALUE / 2 : size * times);
  }

  private static Value integers(Rendering rendering, String operator, Value left, Value right) {
    BigInteger a = BigInteger.valueOf(Values.integer(rendering, left));
    BigInteger b = BigInteger.valueOf(Values.integer(rendering, right));
    return switch (operator) {
      case "+" -> integer(rendering, a.add(b));
      case "-" -> integer(rendering, a.subtract(b));
      case "*" -> integer(rendering, a.multiply(b));
      case "//", "%" -> {
        if (b.signum() == 0) {
          throw rendering.fail("a division by zero");
        }
        BigInteger remainder = a.mod(b.abs());
        if (b.signum() < 0 && remainder.signum() != 0) {
          remainder = remainder.add(b);
        }
        yield integer(
            rendering, operator.equals("%") ? remainder : a.subtract(remainder).divide(b));
      }
      case "**" -> power(rendering, a, b);
      default -> throw rendering.fail("no operator %s", operator);
    };
  }

  private static Value power(Rendering rendering, BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      throw rendering.refuse("powers with a negative exponent");
    }
    if (base.bitLength() <= 1 && base.signum() >= 0) {
      return integer(rendering, exponent.signum() == 0 ? BigInteger.ONE : base);
    }
    boolean huge = exponent.compareTo(BigInteger.valueOf(64)) > 0;
    if (huge && !base.equals(BigInteger.ONE.negate())) {
      throw rendering.refuse("an integer beyond 64 bits");
    }
    return integer(rendering, base.pow(huge ? exponent.testBit(0) ? 1 : 2 : exponent.intValue()));
  }

  private static Value integer(Rendering rendering, BigInteger value) {
    if (value.bitLength() > 63) {
      throw rendering.refuse("an integer beyond 64 bits");
    }
    return new Int(value.longValue());
  }

  private static Value reals(Rendering rendering, String operator, Value left, Value right) {
    if (operator.equals("**")) {
      throw rendering.refuse("powers of fractions");
    }
    double a = Values.real(rendering, left);
    double b = Values.real(rendering, right);
    boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
    if (divides && b == 0) {
      throw rendering.fail("a division by zero");
    }
    return new Real(
        switch (operator) {
          case "+" -> a + b;
          case "-" -> a - b;
          case "*" -> a * b;
          case "/" -> divided(rendering, left, right);
          case "//" -> floorDivided(a, b);
          default -> modulo(a, b);
        });
  }

  /** The quotient rounded once, also of integers that no double holds. */
  private static double divided(Rendering rendering, Value left, Value right) {
    double a = Values.real(rendering, left);
    double b = Values.real(rendering, right);
    boolean large = Math.abs(a) > EXACT_AS_DOUBLE || Math.abs(b) > EXACT_AS_DOUBLE;
    if (!large || left instanceof Real || right instanceof Real) {
      return a / b;
    }
    return BigDecimal.valueOf(Values.integer(rendering, left))
        .divide(BigDecimal.valueOf(Values.integer(rendering, right)), BEYOND_DOUBLE)
        .doubleValue();
  }

  private static double modulo(double a, double b) {
    double remainder = a % b;
    if (remainder == 0) {
      return Math.copySign(0.0, b);
    }
    return (b < 0) == (remainder < 0) ? remainder : remainder + b;
  }

  private static double floorDivided(double a, double b) {
    double remainder = a % b;
    double quotient = (a - remainder) / b;
    if (remainder != 0 && (b < 0) != (remainder < 0)) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0.0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }
}
