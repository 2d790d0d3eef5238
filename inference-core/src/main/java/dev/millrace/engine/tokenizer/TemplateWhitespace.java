package dev.millrace.engine.tokenizer;

import java.util.Locale;

/**
 * Applies Jinja's whitespace rules to a template before the template engine sees it, which knows
 * them only in part: {@code -} on either side of a tag removes all whitespace there; a block or
 * comment swallows the line break after it and the indentation before it ({@code trim_blocks},
 * {@code lstrip_blocks}, as chat templates are run everywhere); the last line break of the file
 * does not count. Comments disappear.
 */
final class TemplateWhitespace {

  private final String source;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private TemplateWhitespace(String source) {
    this.source = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
  }

  /**
   * The template with its whitespace as it will be printed.
   *
   * @throws IllegalArgumentException if a tag is not closed
   */
  static String applied(String source) {
    return new TemplateWhitespace(source.replace("\r\n", "\n")).run();
  }

  private String run() {
    boolean stripStart = false;
    boolean trimLine = false;
    while (at < source.length()) {
      int tag = nextTag(at);
      String text = source.substring(at, tag < 0 ? source.length() : tag);
      if (stripStart) {
        text = text.stripLeading();
      } else if (trimLine && text.startsWith("\n")) {
        text = text.substring(1);
      }
      if (tag < 0) {
        out.append(text);
        break;
      }
      char kind = source.charAt(tag + 1);
      char mark = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      out.append(before(text, tag, kind, mark));
      int end = end(tag, kind);
      char last = source.charAt(end - 3);
      boolean closes = last == '-' && end - 3 > tag + 1;
      if (kind != '#') {
        int from = tag + (mark == '-' || mark == '+' ? 3 : 2);
        int to = end - (closes || last == '+' ? 3 : 2);
        out.append('{').append(kind).append(' ');
        String body = source.substring(from, Math.max(from, to));
        out.append(TemplateOperators.grouped(body)).append(' ');
        out.append(kind == '%' ? "%}" : "}}");
      }
      stripStart = closes;
      trimLine = kind != '{' && last != '+';
      at = end;
    }
    return out.toString();
  }

  /** Text before a tag, without what the tag removes. */
  private String before(String text, int tag, char kind, char mark) {
    if (mark == '-') {
      return text.stripTrailing();
    }
    if (kind == '{' || mark == '+') {
      return text;
    }
    int line = source.lastIndexOf('\n', tag - 1) + 1;
    if (tag == 0 || !source.substring(line, tag).isBlank()) {
      return text;
    }
    int keep = text.length();
    while (keep > 0 && text.charAt(keep - 1) != '\n') {
      keep--;
    }
    return text.substring(0, keep);
  }

  private int nextTag(int from) {
    for (int i = from; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** Position after the tag that begins at {@code tag}; its end inside a string is none. */
  private int end(int tag, char kind) {
    String closing = kind == '{' ? "}}" : kind + "}";
    char quote = 0;
    for (int i = tag + 2; i + 1 < source.length(); i++) {
      char character = source.charAt(i);
      if (quote != 0) {
        if (character == '\\') {
          i++;
        } else if (character == quote) {
          quote = 0;
        }
      } else if (kind != '#' && (character == '"' || character == '\'')) {
        quote = character;
      } else if (source.startsWith(closing, i)) {
        return i + 2;
      }
    }
    throw new IllegalArgumentException(
        String.format(Locale.ROOT, "the tag at character %d is not closed", tag));
  }
}
