package dev.millrace.enrichment;

import dev.millrace.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a text into parts of a bounded number of tokens, at the end of a paragraph, line, sentence
 * or word where one is in reach. Deterministic. The parts' spans tile the text: white space between
 * two parts belongs to the span of the earlier one.
 *
 * <p>Reads the text from the front and only as far as parts are wanted, so that its memory does not
 * grow with the text. Thread-safe because the tokenizer is.
 */
final class TextSplitter {
  /** A window this much longer than a part holds as many tokens as a part, but for oddities. */
  static final int WINDOW_CHARACTERS_PER_TOKEN = 8;

  private static final int COMBINING_MAX = 32;
  private static final int CLOSE_LOOKS_MAX = 4;
  private static final String CLOSERS = "\"')]}»”’";
  private static final String TERMINALS = ".!?…";
  private static final String WIDE_TERMINALS = "。！？";

  private final Tokenizer tokenizer;
  private final int tokensMax;

  /**
   * A splitter.
   *
   * @param tokenizer borrowed
   * @param tokensMax tokens of one part, at least those of one character
   */
  TextSplitter(Tokenizer tokenizer, int tokensMax) {
    this.tokenizer = tokenizer;
    this.tokensMax = tokensMax;
  }

  /**
   * A part of a text.
   *
   * @param start of its span
   * @param end of its span, exclusive; the next part starts there
   * @param text its characters without white space around them
   * @param separator white space that follows them, up to the next part
   */
  record Part(int start, int end, String text, String separator) {}

  /** The parts of a text, or the first of them if there are more than {@code partsMax}. */
  List<Part> split(String text, int partsMax) {
    List<Part> parts = new ArrayList<>();
    int start = 0;
    while (start < text.length() && parts.size() < partsMax) {
      int contentStart = skipWhiteSpace(text, start);
      int cut = cut(text, contentStart);
      int end = skipWhiteSpace(text, cut);
      String content = text.substring(contentStart, cut).stripTrailing();
      String separator = text.substring(contentStart + content.length(), end);
      parts.add(new Part(start, end, content, separator));
      start = end;
    }
    return parts;
  }

  /** The whole text as one part. */
  static Part whole(String text) {
    return new Part(0, text.length(), text.strip(), "");
  }

  /** Where the content that starts at {@code from} ends. */
  private int cut(String text, int from) {
    long windowMax = (long) tokensMax * WINDOW_CHARACTERS_PER_TOKEN;
    int windowEnd = (int) Math.min(text.length(), from + windowMax);
    if (windowEnd < text.length()) {
      windowEnd = characterBoundary(text, from, windowEnd);
    }
    String window = text.substring(from, windowEnd).stripTrailing();
    int[] ids = tokenizer.encode(window);
    if (ids.length <= tokensMax && skipWhiteSpace(text, windowEnd) == text.length()) {
      return text.length();
    }
    int fit = from + (ids.length <= tokensMax ? window.length() : fitting(window, ids));
    for (int look = 0; ; look++) {
      int cut = boundary(text, from, fit);
      int tokens = tokenizer.encode(text.substring(from, cut).stripTrailing()).length;
      boolean indivisible = cut <= from + Character.charCount(text.codePointAt(from));
      if (tokens <= tokensMax || indivisible) {
        return cut;
      }
      fit = look < CLOSE_LOOKS_MAX ? cut - 1 : from + (cut - from) / 2;
    }
  }

  /** How many of the window's characters the first {@link #tokensMax} ids stand for, about. */
  private int fitting(String window, int[] ids) {
    String decoded = tokenizer.decode(Arrays.copyOf(ids, tokensMax));
    int common = 0;
    int most = Math.min(decoded.length(), window.length());
    while (common < most && decoded.charAt(common) == window.charAt(common)) {
      common++;
    }
    int proportional = (int) ((long) window.length() * tokensMax / ids.length);
    return Math.max(1, common == 0 ? proportional : common);
  }

  /**
   * The best place to cut in the second half of {@code (from, fit]}: the last end of a paragraph,
   * else of a line, a sentence, a word, else between two characters.
   */
  private static int boundary(String text, int from, int fit) {
    int floor = from + (fit - from) / 2;
    int line = -1;
    int sentence = -1;
    int word = -1;
    for (int i = fit; i > floor; i--) {
      if (WIDE_TERMINALS.indexOf(text.charAt(i - 1)) >= 0) {
        sentence = Math.max(sentence, i);
      }
      if (!isContentEnd(text, i)) {
        continue;
      }
      int lines = lineBreaksAfter(text, i);
      if (lines >= 2) {
        return i;
      }
      word = Math.max(word, i);
      line = lines == 1 ? Math.max(line, i) : line;
      sentence = endsSentence(text, from, i) ? Math.max(sentence, i) : sentence;
    }
    if (line > 0) {
      return line;
    }
    if (sentence > 0) {
      return sentence;
    }
    return word > 0 ? word : characterBoundary(text, from, fit);
  }

  /** Whether content ends at {@code i}: white space or the end of the text follows. */
  private static boolean isContentEnd(String text, int i) {
    return !Character.isWhitespace(text.charAt(i - 1))
        && (i == text.length() || Character.isWhitespace(text.charAt(i)));
  }

  private static int lineBreaksAfter(String text, int i) {
    int lines = 0;
    for (int j = i; j < text.length() && Character.isWhitespace(text.charAt(j)); j++) {
      if (text.charAt(j) == '\n' && ++lines == 2) {
        break;
      }
    }
    return lines;
  }

  private static boolean endsSentence(String text, int from, int end) {
    int i = end - 1;
    while (i > from && CLOSERS.indexOf(text.charAt(i)) >= 0) {
      i--;
    }
    return TERMINALS.indexOf(text.charAt(i)) >= 0;
  }

  /** The last place in {@code (from, at]} that cuts no character in two, marks included. */
  private static int characterBoundary(String text, int from, int at) {
    int first = from + Character.charCount(text.codePointAt(from));
    int i = Math.max(at, first);
    for (int steps = 0; i > first && i < text.length() && steps < COMBINING_MAX; steps++) {
      boolean insidePair =
          Character.isLowSurrogate(text.charAt(i)) && Character.isHighSurrogate(text.charAt(i - 1));
      if (!insidePair && !joins(text.codePointAt(i)) && text.charAt(i - 1) != '\u200d') {
        return i;
      }
      i--;
    }
    boolean insidePair =
        i < text.length()
            && Character.isLowSurrogate(text.charAt(i))
            && Character.isHighSurrogate(text.charAt(i - 1));
    return insidePair ? Math.max(first, i - 1) : i;
  }

  private static boolean joins(int codePoint) {
    int type = Character.getType(codePoint);
    return type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || codePoint == '\u200d';
  }

  private static int skipWhiteSpace(String text, int from) {
    int i = from;
    while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
      i++;
    }
    return i;
  }
}
