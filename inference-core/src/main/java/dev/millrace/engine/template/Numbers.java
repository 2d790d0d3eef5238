package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.Real;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Conversions of numbers as Python makes them. */
final class Numbers {
  private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]+(?:_[0-9]+)*");
  private static final Pattern REAL =
      Pattern.compile(
          "[+-]?(?:[0-9]+(?:_[0-9]+)*\\.?(?:[0-9]+(?:_[0-9]+)*)?|\\.[0-9]+(?:_[0-9]+)*)"
              + "(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?");
  private static final Pattern NOT_FINITE =
      Pattern.compile("[+-]?(?:inf|infinity|nan)", Pattern.CASE_INSENSITIVE);

  private Numbers() {}

  /** With so many digits after the point, rounded half to even from the exact value. */
  static String fixed(Rendering rendering, Value value, int digits) {
    double number = Values.real(rendering, value);
    if (!Double.isFinite(number)) {
      throw rendering.refuse("infinity in a format");
    }
    rendering.charge(digits);
    BigDecimal exact =
        value instanceof Real
            ? new BigDecimal(number)
            : BigDecimal.valueOf(Values.integer(rendering, value));
    String plain = exact.setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    boolean minus = value instanceof Real && (number < 0 || 1 / number < 0);
    return minus && plain.charAt(0) != '-' ? "-" + plain : plain;
  }

  /** Zeros between a sign and digits, up to a width. */
  static Text zeros(Rendering rendering, Text number, long width) {
    int sign = "+- ".indexOf(number.string().charAt(0)) >= 0 ? 1 : 0;
    Text digits = number.sub(sign, number.string().length());
    return number
        .sub(0, sign)
        .plus(Strings.justify(rendering, digits, width - sign, Text.of("0"), "rjust"));
  }

  static long truncated(Rendering rendering, double value) {
    if (!Double.isFinite(value)) {
      throw rendering.fail("infinity is no integer");
    }
    if (Math.abs(value) >= 0x1p63) {
      throw rendering.refuse("an integer beyond 64 bits");
    }
    return (long) value;
  }

  /** A text's integer, or null if it is none. */
  static @Nullable Value integer(Rendering rendering, Text text) {
    String digits = stripped(rendering, text);
    if (!INTEGER.matcher(digits).matches()) {
      return null;
    }
    BigInteger value = new BigInteger(digits.replace("_", ""));
    if (value.bitLength() > 63) {
      throw rendering.refuse("an integer beyond 64 bits");
    }
    return new Int(value.longValue());
  }

  /** A text's number, or null if it is none. */
  static @Nullable Double real(Rendering rendering, Text text) {
    String digits = stripped(rendering, text);
    if (NOT_FINITE.matcher(digits).matches()) {
      boolean minus = digits.charAt(0) == '-';
      boolean nan = digits.toLowerCase(java.util.Locale.ROOT).endsWith("nan");
      return nan ? Double.NaN : minus ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return REAL.matcher(digits).matches() ? Double.valueOf(digits.replace("_", "")) : null;
  }

  private static String stripped(Rendering rendering, Text text) {
    String string = Strings.strip(rendering, text, Value.None.NONE, true, true).string();
    if (string.chars().anyMatch(c -> c > 0x7f && Character.isDigit(c))) {
      throw rendering.refuse("digits beyond ASCII as a number");
    }
    if (string.length() > 4000) {
      throw rendering.refuse("a number of more than 4000 digits");
    }
    return string;
  }
}
