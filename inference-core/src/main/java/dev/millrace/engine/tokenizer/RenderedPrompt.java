package dev.millrace.engine.tokenizer;

import dev.millrace.engine.template.Text;
import dev.millrace.engine.template.Text.Run;
import java.util.BitSet;
import java.util.List;

/**
 * What a template made of contents, and which characters of it are theirs. Immutable.
 *
 * @param text what was printed
 */
record RenderedPrompt(Text text) {

  /** Takes the ids of a piece. */
  interface Pieces {
    /**
     * A piece of the prompt.
     *
     * @param source which content it is of, -1 for the template's own text
     */
    void piece(String text, int source);
  }

  /** The source of the template's own text. */
  static final int TEMPLATE = -1;

  /**
   * Whether all of a content was printed, be it changed; white space may be missing.
   *
   * @param source number of the content
   * @param content its text
   */
  boolean holds(int source, String content) {
    BitSet printed = new BitSet(content.length());
    for (Run run : text.runs()) {
      if (run.source() == source) {
        printed.set(run.from(), run.to());
      }
    }
    int missing = printed.nextClearBit(0);
    while (missing < content.length() && isSpace(content.charAt(missing))) {
      missing = printed.nextClearBit(missing + 1);
    }
    return missing >= content.length();
  }

  /** What trimming removes. */
  private static boolean isSpace(char character) {
    return Character.isWhitespace(character)
        || Character.isSpaceChar(character)
        || character == '\u0085';
  }

  /**
   * Where the prompt can be cut so that all of one content lies before and all of another behind,
   * as near to the other's beginning as can be; -1 if they are mixed.
   */
  int cut(int before, int behind) {
    int cut = -1;
    int end = 0;
    for (Run run : text.runs()) {
      if (run.start() == run.end()) {
        continue;
      }
      if (run.source() == before) {
        if (cut >= 0) {
          return -1;
        }
        end = run.end();
      } else if (run.source() == behind && cut < 0) {
        cut = run.start();
      }
    }
    return cut < 0 ? end : cut;
  }

  /** The pieces that are tokenised one by one: the template's text and each stretch of content. */
  static void pieces(Text text, Pieces into) {
    String string = text.string();
    List<Run> runs = text.runs().stream().filter(run -> run.start() < run.end()).toList();
    int at = 0;
    for (int i = 0; i < runs.size(); i++) {
      Run first = runs.get(i);
      if (first.start() > at) {
        into.piece(string.substring(at, first.start()), TEMPLATE);
      }
      at = first.end();
      while (i + 1 < runs.size()
          && runs.get(i + 1).start() == at
          && runs.get(i + 1).source() == first.source()) {
        at = runs.get(++i).end();
      }
      into.piece(string.substring(first.start(), at), first.source());
    }
    if (at < string.length()) {
      into.piece(string.substring(at), TEMPLATE);
    }
  }
}
