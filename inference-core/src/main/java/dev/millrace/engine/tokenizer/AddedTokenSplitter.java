package dev.millrace.engine.tokenizer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Splits a text at added tokens exactly as the tokenizers library does it, oddities included: of
 * all contents the longest is taken from left to right; a find that does not count (a special token
 * in a document's text, a single word inside a word) uses up its characters all the same, so that
 * nothing else is found in them; a token that takes white space along may cover finds behind it,
 * which are then told of too. Linear in the text for contents of bounded length. Thread-safe.
 */
final class AddedTokenSplitter {

  /** Receives the parts of a text in order. */
  interface Parts {
    /** Characters that belong to no added token; at least one. */
    void text(int from, int to);

    /** An added token. */
    void token(int id);
  }

  private final Path file;
  private final AddedVocabulary vocabulary;
  private final TokenTrie trie = new TokenTrie();
  private final boolean anyOrdinary;

  /**
   * Prepares a splitter for raw or for normalised text.
   *
   * @param file for messages
   * @param vocabulary ids and flags
   * @param normalized which of its tokens to look for
   * @param form the normal form
   * @throws TokenizerException if the library has no certain answer for some text
   */
  AddedTokenSplitter(
      Path file, AddedVocabulary vocabulary, boolean normalized, UnaryOperator<String> form) {
    this.file = file;
    this.vocabulary = vocabulary;
    Map<String, AddedToken> patterns = new LinkedHashMap<>();
    List<AddedToken> ordinary = new ArrayList<>();
    for (var entry : vocabulary.tokens().entrySet()) {
      AddedToken token = entry.getValue();
      if (token.normalized() != normalized) {
        continue;
      }
      String pattern = vocabulary.pattern(entry.getKey(), form);
      AddedToken equal = patterns.put(pattern, token);
      if (equal != null) {
        throw new TokenizerException(
            file,
            "added tokens \""
                + equal.content()
                + "\" and \""
                + token.content()
                + "\" are the same"
                + " when normalised: the tokenizers library takes now the one, now the other");
      }
      trie.add(pattern, entry.getKey());
      if (!vocabulary.isSpecial(token.content())) {
        ordinary.add(token);
      }
    }
    this.anyOrdinary = !ordinary.isEmpty();
    requireNoOverlap(patterns, ordinary);
  }

  /** A token of white space in the white space that another one takes along ends the library. */
  private void requireNoOverlap(Map<String, AddedToken> patterns, List<AddedToken> ordinary) {
    Optional<AddedToken> taker = ordinary.stream().filter(AddedToken::rstrip).findFirst();
    if (taker.isEmpty()) {
      return;
    }
    for (var entry : patterns.entrySet()) {
      AddedToken token = entry.getValue();
      if (token.lstrip()
          && !token.rstrip()
          && ordinary.contains(token)
          && entry.getKey().codePoints().allMatch(Characters::isSpace)) {
        throw overlap(taker.get().content(), token.content());
      }
    }
  }

  private TokenizerException overlap(String taker, String space) {
    return new TokenizerException(
        file,
        "added token \""
            + taker
            + "\" has rstrip, so that it takes white space along, and added"
            + " token \""
            + space
            + "\" is white space with lstrip and without rstrip: there are"
            + " texts with both that the tokenizers library cannot encode");
  }

  /** Whether no text is ever split. */
  boolean isEmpty() {
    return trie.isEmpty();
  }

  /**
   * Tells of all parts of a text.
   *
   * @param text without lone surrogates
   * @param asText whether special tokens stay text
   */
  void split(String text, boolean asText, Parts parts) {
    int done = 0;
    if (asText ? anyOrdinary : !trie.isEmpty()) {
      done = splitAtTokens(text, asText, parts);
    }
    if (done < text.length()) {
      parts.text(done, text.length());
    }
  }

  private int splitAtTokens(String text, boolean asText, Parts parts) {
    int done = 0;
    int spaceFrom = 0;
    int spaceTo = 0;
    String taker = "";
    int at = 0;
    while (at < text.length()) {
      long found = trie.longest(text, at);
      if (found < 0) {
        at++;
        continue;
      }
      int start = at;
      int stop = (int) found;
      int id = (int) (found >>> 32);
      at = stop;
      AddedToken token = vocabulary.token(id);
      if ((asText && vocabulary.isSpecial(token.content()))
          || (token.singleWord() && isInsideWord(text, start, stop))) {
        continue;
      }
      if (token.lstrip()) {
        start = Math.max(done, spaceStart(text, start, done));
      }
      if (token.rstrip()) {
        // A run of white space is measured once, even if every character of it is a token.
        if (stop < spaceFrom || stop > spaceTo) {
          spaceFrom = stop;
          spaceTo = spaceEnd(text, stop);
        }
        stop = spaceTo;
        taker = token.content();
      }
      if (start > stop) {
        throw overlap(taker, token.content());
      }
      if (done < start) {
        parts.text(done, start);
      }
      if (start < stop) {
        parts.token(id);
      }
      done = stop;
    }
    return done;
  }

  private static boolean isInsideWord(String text, int start, int stop) {
    return (start > 0 && Characters.isWord(text.codePointBefore(start)))
        || (stop < text.length() && Characters.isWord(text.codePointAt(stop)));
  }

  /** Start of the white space before {@code end}, not looking beyond {@code limit}. */
  private static int spaceStart(String text, int end, int limit) {
    int start = end;
    while (start > limit && Characters.isSpace(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private static int spaceEnd(String text, int start) {
    int end = start;
    while (end < text.length() && Characters.isSpace(text.charAt(end))) {
      end++;
    }
    return end;
  }

  /** Classes of characters as the library's expressions have them. */
  static final class Characters {

    private Characters() {}

    /** White space of Unicode; all of it lies in the basic plane. */
    static boolean isSpace(int character) {
      return (character >= 0x09 && character <= 0x0d)
          || character == 0x85
          || Character.isSpaceChar(character);
    }

    /** Letters, marks, decimal digits, connecting punctuation and the two joiners. */
    static boolean isWord(int character) {
      return Character.isAlphabetic(character)
          || switch (Character.getType(character)) {
            case Character.NON_SPACING_MARK,
                Character.ENCLOSING_MARK,
                Character.COMBINING_SPACING_MARK,
                Character.DECIMAL_DIGIT_NUMBER,
                Character.CONNECTOR_PUNCTUATION ->
                true;
            default -> character == 0x200c || character == 0x200d;
          };
    }
  }
}
