package dev.millrace.engine.template;

import dev.millrace.engine.template.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens and applies Jinja's rules for white space as chat templates are run
 * everywhere: a tag or comment swallows the line break after it ({@code trim_blocks}) and the
 * indentation before it ({@code lstrip_blocks}); a minus swallows all white space on its side, a
 * plus keeps it; the file's last line break does not count.
 */
final class Lexer {
  private static final Pattern REAL =
      Pattern.compile(
          "(?:[0-9]+_)*[0-9]+(?:(?:\\.(?:[0-9]+_)*[0-9]+)?[eE][+-]?(?:[0-9]+_)*[0-9]+"
              + "|\\.(?:[0-9]+_)*[0-9]+)");
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*");
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final int[] lineStarts;
  private final List<Token> tokens = new ArrayList<>();
  private final Deque<Character> brackets = new ArrayDeque<>();
  private int at;

  /** Whether what came before ended with a line break, or nothing came before. */
  private boolean lineStarting = true;

  private Lexer(String source) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    this.lineStarts =
        java.util.stream.IntStream.concat(
                java.util.stream.IntStream.of(0),
                java.util.stream.IntStream.range(0, this.source.length())
                    .filter(i -> this.source.charAt(i) == '\n')
                    .map(i -> i + 1))
            .toArray();
  }

  /**
   * All tokens, the last of kind END.
   *
   * @throws TemplateException if there is something that is none
   */
  static List<Token> tokens(String source) {
    return new Lexer(source).run();
  }

  private List<Token> run() {
    while (at < source.length()) {
      int opening = opening(at);
      if (opening < 0) {
        add(Kind.DATA, at, source.substring(at));
        break;
      }
      int rawBody = rawBody(opening);
      char kind = source.charAt(opening + 1);
      char sign = opening + 2 < source.length() ? source.charAt(opening + 2) : ' ';
      data(at, opening, sign, kind == '{');
      int inside = opening + (sign == '-' || sign == '+' ? 3 : 2);
      if (rawBody >= 0) {
        lineStarting = source.charAt(rawBody - 1) == '\n';
        at = rawBody;
        raw(opening);
      } else if (kind == '#') {
        at = inside;
        comment(opening);
      } else {
        at = inside;
        add(kind == '{' ? Kind.PRINT : Kind.TAG, opening, "");
        inside(kind == '{', opening);
      }
    }
    tokens.add(new Token(Kind.END, "", line(source.length())));
    return tokens;
  }

  /** Adds the text between two positions, less what the opening after it swallows. */
  private void data(int from, int to, char sign, boolean print) {
    int end = to;
    if (sign == '-') {
      while (end > from && Characters.isSpace(source.codePointBefore(end))) {
        end--;
      }
    } else if (sign != '+' && !print) {
      int start = to;
      while (start > from && source.charAt(start - 1) != '\n') {
        start--;
      }
      boolean own = start > from || lineStarting;
      if (own && start < to && skipSpace(start) >= to) {
        end = start;
      }
    }
    if (end > from) {
      add(Kind.DATA, from, source.substring(from, end));
    }
  }

  private int opening(int from) {
    for (int i = from; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** Where the body of a raw block begins if one begins here, else -1. */
  private int rawBody(int opening) {
    if (source.charAt(opening + 1) != '%') {
      return -1;
    }
    int word = skipSpace(opening + (isSign(opening + 2) ? 3 : 2));
    if (!source.startsWith("raw", word)) {
      return -1;
    }
    int end = skipSpace(word + 3);
    if (source.startsWith("-%}", end)) {
      return skipSpace(end + 3);
    }
    return source.startsWith("%}", end) ? end + 2 : -1;
  }

  private void raw(int opening) {
    int body = at;
    for (int i = body; i + 1 < source.length(); i++) {
      if (!source.startsWith("{%", i)) {
        continue;
      }
      int word = skipSpace(i + (isSign(i + 2) ? 3 : 2));
      if (source.startsWith("endraw", word)) {
        int end = closing(skipSpace(word + 6), "%}");
        if (end >= 0) {
          data(body, i, i + 2 < source.length() ? source.charAt(i + 2) : ' ', false);
          moveTo(end);
          return;
        }
      }
    }
    throw error(opening, "the raw block is not closed");
  }

  private void comment(int opening) {
    for (int i = at; i < source.length(); i++) {
      int end = closing(i, "#}");
      if (end >= 0) {
        moveTo(end);
        return;
      }
    }
    throw error(opening, "the comment is not closed");
  }

  /** Where a tag or comment ends that is closed here, with what its end swallows, else -1. */
  private int closing(int from, String mark) {
    if (source.startsWith(mark, from)) {
      return from + 2 + (source.startsWith("\n", from + 2) ? 1 : 0);
    }
    if (source.startsWith("+" + mark, from)) {
      return from + 3;
    }
    return source.startsWith("-" + mark, from) ? skipSpace(from + 3) : -1;
  }

  private void inside(boolean print, int opening) {
    brackets.clear();
    while (at < source.length()) {
      if (brackets.isEmpty()) {
        int end = print ? printEnd() : closing(at, "%}");
        if (end >= 0) {
          add(print ? Kind.PRINT_END : Kind.TAG_END, at, "");
          moveTo(end);
          return;
        }
      }
      if (Characters.isSpace(source.codePointAt(at))) {
        at++;
      } else {
        token();
      }
    }
    throw error(opening, "the tag is not closed");
  }

  private int printEnd() {
    if (source.startsWith("-}}", at)) {
      return skipSpace(at + 3);
    }
    return source.startsWith("}}", at) ? at + 2 : -1;
  }

  private void moveTo(int end) {
    lineStarting = source.charAt(end - 1) == '\n';
    at = end;
  }

  private void token() {
    char first = source.charAt(at);
    boolean afterPoint = at > 0 && source.charAt(at - 1) == '.';
    if (matches(NAME, Kind.NAME)
        || (!afterPoint && matches(REAL, Kind.REAL))
        || matches(INTEGER, Kind.INTEGER)) {
      return;
    }
    if (first == '\'' || first == '"') {
      string(first);
      return;
    }
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        balance(operator);
        add(Kind.OPERATOR, at, operator);
        at += operator.length();
        return;
      }
    }
    throw error(at, "unexpected character " + Character.toString(source.codePointAt(at)));
  }

  private boolean matches(Pattern pattern, Kind kind) {
    Matcher matcher = pattern.matcher(source).region(at, source.length());
    if (!matcher.lookingAt()) {
      return false;
    }
    if (kind == Kind.NAME
        && matcher.end() < source.length()
        && source.charAt(matcher.end()) > 0x7f
        && Character.isUnicodeIdentifierPart(source.codePointAt(matcher.end()))) {
      throw error(at, "not supported: names with letters beyond ASCII");
    }
    add(kind, at, matcher.group());
    at = matcher.end();
    return true;
  }

  private void balance(String operator) {
    switch (operator) {
      case "(" -> brackets.push(')');
      case "[" -> brackets.push(']');
      case "{" -> brackets.push('}');
      case ")", "]", "}" -> {
        if (brackets.isEmpty() || brackets.pop() != operator.charAt(0)) {
          throw error(at, "unexpected " + operator);
        }
      }
      default -> {}
    }
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw error(at, "the string is not closed");
    }
    String body = source.substring(at + 1, end);
    add(Kind.STRING, at, StringLiteral.value(body, line(at)));
    at = end + 1;
  }

  private boolean isSign(int position) {
    return position < source.length()
        && (source.charAt(position) == '-' || source.charAt(position) == '+');
  }

  private int skipSpace(int from) {
    int i = from;
    while (i < source.length() && Characters.isSpace(source.codePointAt(i))) {
      i++;
    }
    return i;
  }

  private void add(Kind kind, int position, String text) {
    tokens.add(new Token(kind, text, line(position)));
  }

  private int line(int position) {
    int found = Arrays.binarySearch(lineStarts, position);
    return found >= 0 ? found + 1 : -found - 1;
  }

  private TemplateException error(int position, String problem) {
    return new TemplateException(line(position), problem);
  }
}
