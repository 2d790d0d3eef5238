package dev.millrace.engine.device;

import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.util.List;
import java.util.OptionalInt;

/** A tokenizer and template for engines that never see text. */
final class FakeText implements Tokenizer, ChatTemplate {
  private static int[] none() {
    throw new UnsupportedOperationException("a fake model has no text");
  }

  @Override
  public int[] encode(String text) {
    return none();
  }

  @Override
  public int[] encodeWithSpecialTokens(String prompt) {
    return none();
  }

  @Override
  public String decode(int[] tokens) {
    return "";
  }

  @Override
  public OptionalInt specialToken(String text) {
    return OptionalInt.empty();
  }

  @Override
  public int vocabulary() {
    return 0;
  }

  @Override
  public StreamDecoder streamDecoder() {
    return new StreamDecoder() {
      @Override
      public String next(int token) {
        return spell(token);
      }

      @Override
      public String finish() {
        return "";
      }
    };
  }

  /** How a token is written: one or two letters, so that texts of different tokens overlap. */
  static String spell(int token) {
    return "abcde".substring(token % 3, token % 3 + 1 + token % 2);
  }

  @Override
  public int[] encode(List<Message> messages, boolean generationPrompt) {
    return none();
  }

  @Override
  public List<Turn> turns(String system, String shared, List<String> varying) {
    throw new UnsupportedOperationException("a fake model has no text");
  }

  @Override
  public void close() {}
}
