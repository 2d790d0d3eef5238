package dev.millrace.cli.bench.engine;

import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.util.List;
import java.util.OptionalInt;

/**
 * Stands where a tokenizer belongs for a model that has no words: requests are made of ids, and
 * nobody asks for text. Immutable.
 *
 * @param vocabulary number of ids
 */
record IdsOnly(int vocabulary) implements Tokenizer, ChatTemplate {

  private static UnsupportedOperationException wordless() {
    return new UnsupportedOperationException(
        "a model with random weights has ids and no words: send it ids");
  }

  @Override
  public int[] encode(String text) {
    throw wordless();
  }

  @Override
  public int[] encodeWithSpecialTokens(String prompt) {
    throw wordless();
  }

  @Override
  public String decode(int[] tokens) {
    throw wordless();
  }

  @Override
  public OptionalInt specialToken(String text) {
    return OptionalInt.empty();
  }

  @Override
  public StreamDecoder streamDecoder() {
    throw wordless();
  }

  @Override
  public int[] encode(List<Message> messages, boolean generationPrompt) {
    throw wordless();
  }

  @Override
  public List<Turn> turns(String system, String shared, List<String> varying) {
    throw wordless();
  }

  @Override
  public void close() {}
}
