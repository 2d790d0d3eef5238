package dev.millrace.engine.template;

/** What the inside of a quoted string means: Python's escapes. */
final class StringLiteral {
  private static final String SIMPLE = "\\'\"abfnrtv";
  private static final String MEANING = "\\'\"\u0007\b\f\n\r\t\u000b";

  private StringLiteral() {}

  static String value(String body, int line) {
    if (body.indexOf('\\') < 0) {
      return body;
    }
    StringBuilder out = new StringBuilder();
    for (int at = 0; at < body.length(); ) {
      char character = body.charAt(at++);
      if (character != '\\') {
        out.append(character);
        continue;
      }
      char kind = body.charAt(at++);
      int simple = SIMPLE.indexOf(kind);
      if (simple >= 0) {
        out.append(MEANING.charAt(simple));
      } else if (kind == 'x' || kind == 'u' || kind == 'U') {
        int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
        append(out, number(body, at, at + digits, 16, line), line);
        at += digits;
      } else if (kind >= '0' && kind <= '7') {
        int end = at;
        while (end < body.length() && end < at + 2 && isOctal(body.charAt(end))) {
          end++;
        }
        append(out, number(body, at - 1, end, 8, line), line);
        at = end;
      } else if (kind == 'N') {
        throw new TemplateException(line, "not supported: characters by name in a string");
      } else if (kind > 0x7f) {
        throw new TemplateException(
            line, "not supported: a backslash before a letter beyond ASCII");
      } else if (kind != '\n') {
        out.append('\\').append(kind);
      }
    }
    return out.toString();
  }

  private static boolean isOctal(char character) {
    return character >= '0' && character <= '7';
  }

  private static int number(String body, int from, int to, int radix, int line) {
    for (int i = from; i < to; i++) {
      if (i >= body.length()
          || body.charAt(i) > 'f'
          || Character.digit(body.charAt(i), radix) < 0) {
        throw new TemplateException(line, "a string has an escape with too few digits");
      }
    }
    return Integer.parseUnsignedInt(body.substring(from, to), radix);
  }

  private static void append(StringBuilder out, int point, int line) {
    if (!Character.isValidCodePoint(point) || (point >= 0xd800 && point <= 0xdfff)) {
      throw new TemplateException(line, "a string has an escape that is no character");
    }
    out.appendCodePoint(point);
  }
}
