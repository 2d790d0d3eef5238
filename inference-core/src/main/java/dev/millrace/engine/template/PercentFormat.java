package dev.millrace.engine.template;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's formatting with a percent sign: conversions s, r, d, i, u, f. */
final class PercentFormat {
  private static final Pattern CONVERSION =
      Pattern.compile(
          "%(?:\\(([^()]*)\\))?([-+ 0#]*)([0-9]*)(?:\\.([0-9]*))?[hlL]?(.)", Pattern.DOTALL);
  private static final int WIDTH_DIGITS_MAX = 5;

  private final Rendering rendering;
  private final Value given;
  private final List<Value> positional;
  private final TextBuilder out = new TextBuilder();
  private int used;

  private PercentFormat(Rendering rendering, Value given) {
    this.rendering = rendering;
    this.given = given;
    this.positional =
        given instanceof Items items && items.isTuple() ? items.values() : List.of(given);
  }

  static Text format(Rendering rendering, Text format, Value given) {
    Values.plain(rendering, format, "formatting");
    return new PercentFormat(rendering, given).run(format);
  }

  private Text run(Text format) {
    String string = format.string();
    rendering.charge(string.length());
    int from = 0;
    for (int at = string.indexOf('%'); at >= 0; at = string.indexOf('%', from)) {
      out.append(format, from, at);
      Matcher matcher = CONVERSION.matcher(string).region(at, string.length());
      if (!matcher.lookingAt()) {
        throw rendering.fail("a format ends after a percent sign");
      }
      convert(matcher);
      from = matcher.end();
    }
    out.append(format, from, string.length());
    if (used < positional.size() && !isMapping()) {
      throw rendering.fail("a format uses %d of %d values", used, positional.size());
    }
    return out.text();
  }

  private boolean isMapping() {
    return given instanceof Dict || (given instanceof Items items && !items.isTuple());
  }

  private void convert(Matcher matcher) {
    String key = matcher.group(1);
    String flags = matcher.group(2);
    String width = matcher.group(3);
    String precision = matcher.group(4);
    char kind = matcher.group(5).charAt(0);
    if (kind == '%' && matcher.group().equals("%%")) {
      out.append("%");
      return;
    }
    if ("srdiuf".indexOf(kind) < 0 || flags.indexOf('#') >= 0) {
      throw rendering.refuse("the conversion " + matcher.group() + " in a format");
    }
    if (width.length() > WIDTH_DIGITS_MAX
        || (precision != null && precision.length() > WIDTH_DIGITS_MAX)) {
      throw rendering.refuse("a width or precision beyond 99999");
    }
    int digits = precision == null ? -1 : precision.isEmpty() ? 0 : Integer.parseInt(precision);
    Value value = next(key);
    Text body =
        switch (kind) {
          case 's' -> cut(Printer.string(rendering, value), digits);
          case 'r' -> cut(Printer.repr(rendering, value), digits);
          case 'f' -> Text.of(Numbers.fixed(rendering, value, digits < 0 ? 6 : digits));
          default -> {
            if (digits >= 0) {
              throw rendering.refuse("a precision of an integer in a format");
            }
            yield Text.of(whole(value));
          }
        };
    boolean number = kind != 's' && kind != 'r';
    if (number && body.string().charAt(0) != '-') {
      String sign = flags.indexOf('+') >= 0 ? "+" : flags.indexOf(' ') >= 0 ? " " : "";
      body = Text.of(sign).plus(body);
    }
    long wanted = width.isEmpty() ? 0 : Integer.parseInt(width);
    boolean left = flags.indexOf('-') >= 0;
    boolean zeros = number && !left && flags.indexOf('0') >= 0;
    out.append(
        zeros
            ? Numbers.zeros(rendering, body, wanted)
            : Strings.justify(rendering, body, wanted, Text.of(" "), left ? "ljust" : "rjust"));
  }

  private Value next(String key) {
    if (key != null) {
      if (!(given instanceof Dict dict)) {
        throw rendering.fail("a format with names needs a mapping");
      }
      Value value = dict.get(key);
      if (value == null) {
        throw rendering.fail("a format names %s, which the mapping has not", key);
      }
      return value;
    }
    if (used >= positional.size()) {
      throw rendering.fail("a format needs more than %d values", positional.size());
    }
    return positional.get(used++);
  }

  private Text cut(Text text, int length) {
    return length < 0 || length >= text.length() ? text : text.sub(0, text.position(length));
  }

  private String whole(Value value) {
    if (!Values.isNumber(value)) {
      throw rendering.fail("a format's %%d takes a number, not a value of %s", value.type());
    }
    return value instanceof Value.Real real
        ? Long.toString(Numbers.truncated(rendering, real.value()))
        : Long.toString(Values.integer(rendering, value));
  }
}
