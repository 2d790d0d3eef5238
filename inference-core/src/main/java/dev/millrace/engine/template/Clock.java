package dev.millrace.engine.template;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The function {@code strftime_now}, with a clock that stands still so that a prompt does not
 * change overnight: at the date that templates of the Llama family name where none is known.
 */
final class Clock {
  private static final LocalDateTime NOW = LocalDateTime.of(2024, 7, 26, 0, 0);

  private Clock() {}

  static Text format(Rendering rendering, String format) {
    rendering.charge(10L * format.length());
    StringBuilder out = new StringBuilder();
    for (int at = 0; at < format.length(); at++) {
      char character = format.charAt(at);
      if (character != '%') {
        out.append(character);
        continue;
      }
      boolean unpadded = format.startsWith("-", at + 1);
      at += unpadded ? 2 : 1;
      String directive = at < format.length() ? String.valueOf(format.charAt(at)) : "";
      String pattern = pattern(directive, unpadded);
      if (directive.equals("%") && !unpadded) {
        out.append('%');
      } else if (pattern.isEmpty()) {
        throw rendering.refuse("%" + (unpadded ? "-" : "") + directive + " in strftime_now");
      } else {
        out.append(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(NOW));
      }
    }
    return Text.of(out.toString());
  }

  private static String pattern(String directive, boolean unpadded) {
    return switch (directive) {
      case "d" -> unpadded ? "d" : "dd";
      case "m" -> unpadded ? "M" : "MM";
      case "y" -> unpadded ? "" : "yy";
      case "H" -> unpadded ? "H" : "HH";
      case "I" -> unpadded ? "h" : "hh";
      case "M" -> unpadded ? "m" : "mm";
      case "S" -> unpadded ? "s" : "ss";
      case "j" -> unpadded ? "D" : "DDD";
      default ->
          unpadded
              ? ""
              : switch (directive) {
                case "e" -> "ppd";
                case "Y" -> "yyyy";
                case "b", "h" -> "MMM";
                case "B" -> "MMMM";
                case "a" -> "EEE";
                case "A" -> "EEEE";
                case "p" -> "a";
                case "F" -> "yyyy-MM-dd";
                case "T" -> "HH:mm:ss";
                case "R" -> "HH:mm";
                case "D" -> "MM/dd/yy";
                default -> "";
              };
    };
  }
}
