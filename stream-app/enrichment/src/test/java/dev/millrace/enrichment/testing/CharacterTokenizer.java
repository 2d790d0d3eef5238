package dev.millrace.enrichment.testing;

import dev.millrace.engine.tokenizer.Tokenizer;
import java.util.OptionalInt;

/** One id for each character, so that tests can count tokens by hand. Immutable. */
public final class CharacterTokenizer implements Tokenizer {
  /** Ids below this one are special. */
  public static final int SPECIAL = 16;

  /** Ends a turn. */
  public static final int END_OF_TURN = 4;

  @Override
  public int[] encode(String text) {
    return text.codePoints().map(codePoint -> codePoint + SPECIAL).toArray();
  }

  @Override
  public int[] encodeWithSpecialTokens(String prompt) {
    throw new UnsupportedOperationException("text from outside must never come here");
  }

  @Override
  public String decode(int[] tokens) {
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      if (token >= SPECIAL) {
        text.appendCodePoint(token - SPECIAL);
      }
    }
    return text.toString();
  }

  @Override
  public OptionalInt specialToken(String text) {
    return text.equals("<|eot|>") ? OptionalInt.of(END_OF_TURN) : OptionalInt.empty();
  }

  @Override
  public int vocabulary() {
    return Character.MAX_CODE_POINT + 1 + SPECIAL;
  }

  @Override
  public StreamDecoder streamDecoder() {
    throw new UnsupportedOperationException("an enricher does not stream");
  }

  @Override
  public void close() {}
}
