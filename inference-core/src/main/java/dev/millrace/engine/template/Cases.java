package dev.millrace.engine.template;

import java.util.Locale;
import java.util.Set;

/** Upper, lower and title case as Python has them: Unicode's full mappings, of no language. */
final class Cases {
  private static final int SIGMA = 'Σ';

  /** Letters whose title case is their upper case with small letters after the first. */
  private static final Set<Integer> SPLIT_IN_TITLES =
      Set.of(
          0xdf, 0xfb00, 0xfb01, 0xfb02, 0xfb03, 0xfb04, 0xfb05, 0xfb06, 0x587, 0xfb13, 0xfb14,
          0xfb15, 0xfb16, 0xfb17);

  private interface Mapping {
    String of(String string, int at, int point);
  }

  private Cases() {}

  static Text upper(Rendering rendering, Text text) {
    return map(rendering, text, (string, at, point) -> upper(point));
  }

  static Text lower(Rendering rendering, Text text) {
    return map(rendering, text, Cases::lower);
  }

  /** The first character in title case, the others in lower. */
  static Text capitalize(Rendering rendering, Text text) {
    return map(
        rendering,
        text,
        (string, at, point) -> at == 0 ? title(rendering, point) : lower(string, at, point));
  }

  /** Each word's first character in title case, by Python's idea of a word. */
  static Text title(Rendering rendering, Text text) {
    return map(
        rendering,
        text,
        (string, at, point) ->
            at > 0 && Characters.isCased(string.codePointBefore(at))
                ? lower(string, at, point)
                : title(rendering, point));
  }

  private static Text map(Rendering rendering, Text text, Mapping mapping) {
    String string = text.string();
    rendering.charge(2L * string.length());
    TextBuilder out = new TextBuilder();
    int same = 0;
    for (int at = 0; at < string.length(); ) {
      int point = string.codePointAt(at);
      int next = at + Character.charCount(point);
      String mapped = mapping.of(string, at, point);
      if (!string.startsWith(mapped, at) || mapped.length() != next - at) {
        out.append(text, same, at).appendEdited(mapped, text, at, next);
        same = next;
      }
      at = next;
    }
    return out.append(text, same, string.length()).text().markup(text.isMarkup());
  }

  private static String upper(int point) {
    return Character.toString(point).toUpperCase(Locale.ROOT);
  }

  private static String lower(String string, int at, int point) {
    if (point == SIGMA) {
      return isFinal(string, at) ? "ς" : "σ";
    }
    return Character.toString(point).toLowerCase(Locale.ROOT);
  }

  private static boolean isFinal(String string, int at) {
    int before = at;
    while (before > 0 && Characters.isIgnoredByCase(string.codePointBefore(before))) {
      before -= Character.charCount(string.codePointBefore(before));
    }
    int after = at + 1;
    while (after < string.length() && Characters.isIgnoredByCase(string.codePointAt(after))) {
      after += Character.charCount(string.codePointAt(after));
    }
    return before > 0
        && Characters.isCased(string.codePointBefore(before))
        && (after == string.length() || !Characters.isCased(string.codePointAt(after)));
  }

  private static String title(Rendering rendering, int point) {
    String upper = upper(point);
    if (upper.codePointCount(0, upper.length()) == 1) {
      return Character.toString(Character.toTitleCase(point));
    }
    if (!SPLIT_IN_TITLES.contains(point)) {
      throw rendering.refuse("the title case of U+" + Integer.toHexString(point));
    }
    return upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT);
  }

  /** Whether there are cased characters, and all are of this case. */
  static boolean isAll(Text text, boolean upper) {
    boolean found = false;
    for (int point : text.string().codePoints().toArray()) {
      if (Characters.isCased(point)) {
        found = true;
        if (upper ? !Character.isUpperCase(point) : !Character.isLowerCase(point)) {
          return false;
        }
      }
    }
    return found;
  }
}
