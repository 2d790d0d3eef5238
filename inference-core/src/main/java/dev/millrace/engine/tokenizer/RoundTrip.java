package dev.millrace.engine.tokenizer;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;

/**
 * Whether text comes back from its ids. Files can lose some of it without a word: bytes that the
 * vocabulary lacks, pieces that a step of the pre-tokenizer drops. It is tried on characters of all
 * scripts, alone and among others. Stateless.
 */
final class RoundTrip {

  /** Up to here every character is tried, from here on some of each script. */
  private static final int SOME_FROM = 0x600;

  private static final int FEW_FROM = 0x3000;
  private static final List<String> AROUND =
      List.of(
          "a  b   c",
          " leading and trailing ",
          "\n\n\n x\r\n\ty \u00a0z\u3000",
          "don't DON'T 12345 1,234.56 a1b2",
          "!?.,;:()[]{}<>#$%&*+-/=@\\^_`|~\"'",
          "\u0000\u0001\u007f\u0080\u0085\u200b\ufeff",
          "e\u0301\u0308 \ud83d\ude00\u200d\ud83d\udc69\ufe0f");

  private RoundTrip() {}

  /**
   * What is lost or changed, in words; empty if nothing is.
   *
   * @param form name of the normal form that text is brought into, or empty
   * @param spaceBefore whether the file puts a space before text that begins with none
   * @param left code points that are known to be left out, and are not tried
   * @param there and back: ids of a text, decoded
   */
  static Optional<String> fault(
      String form, boolean spaceBefore, IntPredicate left, UnaryOperator<String> there) {
    for (String whole : texts(form)) {
      String text = without(left, whole);
      String expected = spaceBefore && !text.startsWith(" ") ? " " + text : text;
      String back = there.apply(text);
      if (!back.equals(expected)) {
        return Optional.of(difference(expected, back));
      }
    }
    return Optional.empty();
  }

  private static String without(IntPredicate left, String text) {
    return text.codePoints()
        .filter(left.negate())
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static List<String> texts(String form) {
    StringBuilder close = new StringBuilder();
    StringBuilder lines = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c += step(c)) {
      boolean character = c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE;
      if (character && isNormal(Character.toString(c), form)) {
        close.appendCodePoint(c);
        lines.appendCodePoint(c).append('\n');
      }
    }
    List<String> texts = new ArrayList<>();
    texts.add(lines.toString());
    if (form.isEmpty()) {
      texts.add(close.toString());
      texts.addAll(AROUND);
    } else {
      AROUND.stream().filter(text -> isNormal(text, form)).forEach(texts::add);
    }
    return texts;
  }

  private static int step(int character) {
    return character < SOME_FROM ? 1 : character < FEW_FROM ? 0x40 : 0x400;
  }

  private static boolean isNormal(String text, String form) {
    return form.isEmpty() || Normalizer.isNormalized(text, Normalizer.Form.valueOf(form));
  }

  private static String difference(String expected, String back) {
    int at = 0;
    while (at < Math.min(expected.length(), back.length())
        && expected.charAt(at) == back.charAt(at)) {
      at++;
    }
    return String.format(
        Locale.ROOT,
        "%s comes back as %s",
        at < expected.length() ? character(expected, at) : "the end of a text",
        at < back.length() ? character(back, at) : "nothing");
  }

  private static String character(String text, int at) {
    return String.format(Locale.ROOT, "U+%04X", text.codePointAt(at));
  }
}
