package dev.millrace.cli;

import java.text.BreakIterator;
import java.util.Locale;

/** How many terminal columns a text takes, and where to cut it. Pure functions. */
public final class DisplayWidth {

  private DisplayWidth() {}

  /** Columns that {@code text} takes on a terminal; control characters take none. */
  public static int of(String text) {
    return text.codePoints().map(DisplayWidth::columns).sum();
  }

  /** {@code text} cut to at most {@code columns}, with an ellipsis where something was cut off. */
  public static String cut(String text, int columns) {
    if (columns <= 0) {
      return "";
    }
    if (of(text) <= columns) {
      return text;
    }
    BreakIterator characters = BreakIterator.getCharacterInstance(Locale.ROOT);
    characters.setText(text);
    int end = 0;
    int width = 0;
    int from = characters.first();
    for (int to = characters.next(); to != BreakIterator.DONE; from = to, to = characters.next()) {
      width += of(text.substring(from, to));
      if (width > columns - 1) {
        break;
      }
      end = to;
    }
    return text.substring(0, end).stripTrailing() + "…";
  }

  /** {@code text} cut to {@code columns} and filled with spaces up to it. */
  public static String fit(String text, int columns) {
    String cut = cut(text, columns);
    return cut + " ".repeat(Math.max(0, columns - of(cut)));
  }

  /** {@code text} on one line: white space runs become one space, control characters vanish. */
  public static String oneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    text.codePoints()
        .map(point -> Character.isWhitespace(point) ? ' ' : point)
        .filter(point -> !Character.isISOControl(point))
        .filter(point -> Character.getType(point) != Character.FORMAT || point == 0x200D)
        .forEach(line::appendCodePoint);
    return line.toString().strip().replaceAll(" {2,}", " ");
  }

  private static int columns(int point) {
    int type = Character.getType(point);
    if (Character.isISOControl(point)
        || type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.FORMAT) {
      return 0;
    }
    return wide(point) ? 2 : 1;
  }

  private static boolean wide(int point) {
    if ((point >= 0x1F300 && point <= 0x1FAFF) || (point >= 0xFF01 && point <= 0xFF60)) {
      return true;
    }
    if (point < 0x1100) {
      return false;
    }
    return switch (Character.UnicodeScript.of(point)) {
      case HAN, HIRAGANA, KATAKANA, HANGUL, BOPOMOFO, YI -> true;
      default -> point >= 0x3000 && point <= 0x303E;
    };
  }
}
