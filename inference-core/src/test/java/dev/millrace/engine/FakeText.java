package dev.millrace.engine;

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
    throw new UnsupportedOperationException("a fake model has no text");
  }

  @Override
  public int[] encode(List<Message> messages, boolean generationPrompt) {
    return none();
  }

  @Override
  public int[] prefix(String system, String shared) {
    return none();
  }

  @Override
  public int[] suffix(String varying) {
    return none();
  }

  @Override
  public void close() {}
}
