package dev.millrace.engine.template;

/** What Python thinks of a character, where Java thinks otherwise. */
final class Characters {
  private static final String IGNORED_BY_CASE =
      "'.:^`\u00a8\u00ad\u00af\u00b4\u00b7\u00b8"
          + "\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

  private Characters() {}

  static boolean isSpace(int point) {
    return (point >= 0x09 && point <= 0x0d)
        || (point >= 0x1c && point <= 0x20)
        || point == 0x85
        || Character.getType(point) == Character.SPACE_SEPARATOR
        || point == 0x2028
        || point == 0x2029;
  }

  static boolean isLineBreak(int point) {
    return (point >= 0x0a && point <= 0x0d)
        || (point >= 0x1c && point <= 0x1e)
        || point == 0x85
        || point == 0x2028
        || point == 0x2029;
  }

  static boolean isPrintable(int point) {
    return point == ' '
        || switch (Character.getType(point)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }

  static boolean isCased(int point) {
    return Character.isUpperCase(point)
        || Character.isLowerCase(point)
        || Character.isTitleCase(point);
  }

  /** Letters and numbers of all kinds. */
  static boolean isWordCharacter(int point) {
    return Character.isLetterOrDigit(point)
        || Character.getType(point) == Character.LETTER_NUMBER
        || Character.getType(point) == Character.OTHER_NUMBER;
  }

  /** Characters that the rule of the final sigma looks through. */
  static boolean isIgnoredByCase(int point) {
    return switch (Character.getType(point)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.FORMAT,
          Character.MODIFIER_LETTER,
          Character.MODIFIER_SYMBOL ->
          true;
      default -> IGNORED_BY_CASE.indexOf(point) >= 0;
    };
  }
}
