package dev.millrace.engine.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Encodes text of any length with a native tokenizer that needs hundreds of bytes per token: in
 * pieces whose ids are those of the whole. Each cut is tried before it is made. A piece is encoded
 * together with what follows it, and a cut counts only if the text behind it, encoded alone, gives
 * the very ids it has beside the piece.
 *
 * <p>The best place is where two words of the pre-tokenizer meet. Inside an endless word a cut is
 * exact, too, if the token behind it stays the same: merges take the lowest rank first, so whether
 * one crosses the border of two tokens depends on these two alone, and ids of which each two
 * neighbours can stand beside one another are the word's only ones. Where nothing stands the trial
 * the piece grows. Thread-safe.
 */
final class PieceEncoder {

  static final int PIECE_CHARS = 100_000;

  /** What must agree behind a cut, and be left of a word that is cut: longer than any token. */
  private static final int MARGIN_CHARS = 1_000;

  private static final int SEARCH_CHARS = 8_000;
  private static final int TRIALS_MAX = 6;
  private static final int TRIALS_IN_WORD_MAX = 64;

  private static final int ANY = -1;

  private final NativeTokenizer tokenizer;
  private final int pieceChars;

  PieceEncoder(NativeTokenizer tokenizer) {
    this(tokenizer, PIECE_CHARS);
  }

  /** With pieces of another size, for tests. */
  PieceEncoder(NativeTokenizer tokenizer, int pieceChars) {
    this.tokenizer = tokenizer;
    this.pieceChars = pieceChars;
  }

  /**
   * A place in a text where a piece may end.
   *
   * @param at the place, or 0 for none
   * @param tokens number of tokens of the piece before it
   * @param first id that must come first behind it, or {@link #ANY}
   */
  private record Cut(int at, int tokens, int first) {}

  private static final Cut NONE = new Cut(0, 0, ANY);

  /** Appends the ids of a text without lone surrogates. */
  void encode(String text, IdList ids) {
    int from = 0;
    int chars = pieceChars;
    int first = ANY;
    int before = 0;
    int sizeBefore = ids.size();
    while (text.length() - from > chars) {
      int limit = from + chars;
      if (Character.isLowSurrogate(text.charAt(limit))) {
        limit--;
      }
      NativeTokenizer.Words words = tokenizer.encodeWords(text.substring(from, limit));
      if (contradicts(words.ids(), first)) {
        chars = grown(from - before);
        from = before;
        ids.shorten(sizeBefore);
        first = ANY;
        continue;
      }
      Cut cut = cut(text, from, limit, words);
      if (cut.equals(NONE)) {
        chars = grown(chars);
        continue;
      }
      before = from;
      sizeBefore = ids.size();
      ids.add(words.ids(), cut.tokens());
      from = cut.at();
      first = cut.first();
      chars = pieceChars;
    }
    int[] rest = tokenizer.encode(text.substring(from));
    if (contradicts(rest, first)) {
      ids.shorten(sizeBefore);
      rest = tokenizer.encode(text.substring(before));
    }
    ids.add(rest, rest.length);
  }

  private int grown(int chars) {
    return (int) Math.min(Integer.MAX_VALUE, 2L * chars + pieceChars);
  }

  private static boolean contradicts(int[] ids, int first) {
    return first != ANY && (ids.length == 0 || ids[0] != first);
  }

  /** Tries places where words meet in most languages and pre-tokenizers, the likeliest first. */
  private Cut cut(String text, int from, int limit, NativeTokenizer.Words words) {
    IntPredicate afterLine =
        at -> text.charAt(at - 1) == '\n' && Character.isLetter(text.charAt(at));
    IntPredicate beforeSpace =
        at -> text.charAt(at) == ' ' && Character.isLetterOrDigit(text.charAt(at - 1));
    IntPredicate afterLetter =
        at -> Character.isLetter(text.charAt(at - 1)) && !Character.isLetter(text.charAt(at));
    IntPredicate otherKind =
        at -> Character.getType(text.charAt(at)) != Character.getType(text.charAt(at - 1));
    int last = limit - MARGIN_CHARS;
    int lowest = Math.max(from + 1, last - SEARCH_CHARS);
    for (IntPredicate place : List.of(afterLine, beforeSpace, afterLetter, otherKind)) {
      int trials = 0;
      for (int at = last; at >= lowest && trials < TRIALS_MAX; at--) {
        if (isPlace(text, at, place)) {
          trials++;
          Cut cut = cut(text, at, limit, words, false);
          if (!cut.equals(NONE)) {
            return cut;
          }
        }
      }
    }
    int trials = 0;
    for (int at = last; at >= lowest && trials < TRIALS_IN_WORD_MAX; at--) {
      if (isPlace(text, at, any -> true)) {
        trials++;
        Cut cut = cut(text, at, limit, words, true);
        if (!cut.equals(NONE)) {
          return cut;
        }
      }
    }
    return NONE;
  }

  private static boolean isPlace(String text, int at, IntPredicate place) {
    return !Character.isLowSurrogate(text.charAt(at)) && place.test(at);
  }

  private Cut cut(String text, int at, int limit, NativeTokenizer.Words words, boolean inWord) {
    int[] ids = words.ids();
    int[] behind = tokenizer.encode(text.substring(at, limit));
    int tokens = ids.length - behind.length;
    if (tokens <= 0
        || behind.length == 0
        || !Arrays.equals(ids, tokens, ids.length, behind, 0, behind.length)) {
      return NONE;
    }
    long word = words.words()[tokens];
    if (word != words.words()[tokens - 1]) {
      return new Cut(at, tokens, ANY);
    }
    boolean endless = word == words.words()[ids.length - 1];
    return inWord && endless ? new Cut(at, tokens, ids[tokens]) : NONE;
  }
}
