package dev.millrace.engine.tokenizer;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** A tokenizer for tests: each character is a token, and {@link #spell} shows which are special. */
final class SpellingTokenizer implements Tokenizer {

  private static final int FIRST_SPECIAL = 0x110000;

  private final List<String> special;

  SpellingTokenizer(String... special) {
    this.special = List.of(special);
  }

  /** Text of ids, with special tokens in guillemets. */
  String spell(int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      if (id >= FIRST_SPECIAL) {
        text.append('«').append(special.get(id - FIRST_SPECIAL)).append('»');
      } else {
        text.append((char) id);
      }
    }
    return text.toString();
  }

  @Override
  public int[] encode(String text) {
    return text.chars().toArray();
  }

  @Override
  public int[] encodeWithSpecialTokens(String prompt) {
    IntStream.Builder ids = IntStream.builder();
    for (int i = 0; i < prompt.length(); ) {
      String rest = prompt.substring(i);
      OptionalInt found =
          IntStream.range(0, special.size())
              .filter(s -> rest.startsWith(special.get(s)))
              .findFirst();
      if (found.isPresent()) {
        ids.add(FIRST_SPECIAL + found.getAsInt());
        i += special.get(found.getAsInt()).length();
      } else {
        ids.add(prompt.charAt(i++));
      }
    }
    return ids.build().toArray();
  }

  @Override
  public String decode(int[] tokens) {
    throw new UnsupportedOperationException();
  }

  @Override
  public OptionalInt specialToken(String text) {
    int index = special.indexOf(text);
    return index < 0 ? OptionalInt.empty() : OptionalInt.of(FIRST_SPECIAL + index);
  }

  @Override
  public int vocabulary() {
    return FIRST_SPECIAL + special.size();
  }

  @Override
  public StreamDecoder streamDecoder() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
