package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import dev.millrace.engine.template.Value.Real;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

/** Python's {@code str} and {@code repr}. */
final class Printer {
  private static final int FIXED_EXPONENT_MAX = 16;
  private static final int FIXED_EXPONENT_MIN = -4;

  private Printer() {}

  /** What printing a value gives. */
  static Text string(Rendering rendering, Value value) {
    return switch (value) {
      case Text text -> text.markup(false);
      case Undefined ignored -> Text.EMPTY;
      default -> {
        TextBuilder out = new TextBuilder();
        represent(rendering, value, out);
        yield out.text();
      }
    };
  }

  static Text repr(Rendering rendering, Value value) {
    TextBuilder out = new TextBuilder();
    represent(rendering, value, out);
    return out.text();
  }

  private static void represent(Rendering rendering, Value value, TextBuilder out) {
    rendering.enter();
    rendering.charge(1);
    switch (value) {
      case Text text -> {
        if (text.isMarkup()) {
          throw rendering.refuse("the representation of text marked safe or escaped");
        }
        quote(rendering, text, out);
      }
      case None ignored -> out.append("None");
      case Bool truth -> out.append(truth == Bool.TRUE ? "True" : "False");
      case Int number -> out.append(Long.toString(number.value()));
      case Real number -> out.append(real(number.value()));
      case Undefined ignored -> out.append("Undefined");
      case Items items when !items.isTuple() -> list(rendering, "[", items.values(), "]", out);
      case Items tuple ->
          list(rendering, "(", tuple.values(), tuple.values().size() == 1 ? ",)" : ")", out);
      case Dict dict -> dict(rendering, dict, out);
      case View view -> list(rendering, view.type() + "([", view.values(), "])", out);
      case Range range -> {
        out.append("range(" + range.start() + ", " + range.stop());
        out.append(range.step() == 1 ? ")" : ", " + range.step() + ")");
      }
      case Namespace namespace -> {
        out.append("<Namespace ");
        dict(rendering, namespace.members(), out);
        out.append(">");
      }
      case Loop loop -> out.append("<LoopContext " + loop.index() + "/" + loop.length() + ">");
      case Macro macro -> {
        out.append("<Macro ");
        if (macro.name().isEmpty()) {
          out.append("anonymous");
        } else {
          quote(rendering, Text.of(macro.name()), out);
        }
        out.append(">");
      }
      case Lazy ignored -> throw rendering.refuse("printing a generator (add | list)");
      case Callable ignored -> throw rendering.refuse("printing a function");
    }
    rendering.leave();
  }

  private static void list(
      Rendering rendering, String open, List<Value> values, String close, TextBuilder out) {
    out.append(open);
    String separator = "";
    for (Value value : values) {
      out.append(separator);
      represent(rendering, value, out);
      separator = ", ";
    }
    out.append(close);
  }

  private static void dict(Rendering rendering, Dict dict, TextBuilder out) {
    out.append("{");
    String separator = "";
    for (Dict.Entry entry : dict.entries()) {
      out.append(separator);
      represent(rendering, entry.key(), out);
      out.append(": ");
      represent(rendering, entry.value(), out);
      separator = ", ";
    }
    out.append("}");
  }

  private static void quote(Rendering rendering, Text text, TextBuilder out) {
    String string = text.string();
    rendering.charge(string.length());
    boolean twice = string.indexOf('\'') >= 0 && string.indexOf('"') < 0;
    char quote = twice ? '"' : '\'';
    out.append(String.valueOf(quote));
    int plain = 0;
    for (int at = 0; at < string.length(); ) {
      int point = string.codePointAt(at);
      int next = at + Character.charCount(point);
      String escaped = escaped(point, quote);
      if (!escaped.isEmpty()) {
        out.append(text, plain, at).appendEdited(escaped, text, at, next);
        plain = next;
      }
      at = next;
    }
    out.append(text, plain, string.length()).append(String.valueOf(quote));
  }

  /** How a character is written that does not stand for itself, else nothing. */
  private static String escaped(int point, char quote) {
    if (point == quote || point == '\\') {
      return "\\" + (char) point;
    }
    return switch (point) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> {
        if (Characters.isPrintable(point)) {
          yield "";
        }
        String hex = Integer.toHexString(point);
        int digits = point <= 0xff ? 2 : point <= 0xffff ? 4 : 8;
        yield "\\" + "xuU".charAt(digits / 4) + "0".repeat(digits - hex.length()) + hex;
      }
    };
  }

  /** A float as Python writes it: the fewest digits that mean the same number. */
  static String real(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value > 0 ? "0.0" : "-0.0";
    }
    BigDecimal shortest = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
    String sign = value < 0 ? "-" : "";
    BigInteger digits = shortest.unscaledValue();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= FIXED_EXPONENT_MIN && exponent < FIXED_EXPONENT_MAX) {
      String plain = shortest.toPlainString();
      return sign + plain + (plain.indexOf('.') < 0 ? ".0" : "");
    }
    String all = digits.toString();
    String fraction = all.length() > 1 ? "." + all.substring(1) : "";
    String power = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    return sign + all.charAt(0) + fraction + (exponent < 0 ? "e-" : "e+") + power;
  }
}
