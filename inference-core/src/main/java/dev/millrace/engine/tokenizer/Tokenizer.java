package dev.millrace.engine.tokenizer;

import java.util.OptionalInt;

/** Text to token ids and back. Thread-safe. */
public interface Tokenizer extends AutoCloseable {

  /**
   * Ids of plain text. Nothing is added, text that spells a special token is treated as text, and
   * no id of a special token is among them. Added tokens that are not special are found.
   */
  int[] encode(String text);

  /**
   * Ids of a rendered prompt: special tokens are recognised, nothing is added. Never use it on text
   * that came from outside.
   */
  int[] encodeWithSpecialTokens(String prompt);

  /** Text of ids; special tokens and unknown ids are left out. */
  String decode(int[] tokens);

  /** Id of a special token by its text. */
  OptionalInt specialToken(String text);

  /** Number of ids. */
  int vocabulary();

  /** Text of a growing list of ids, for streaming: never cuts a character in two. */
  StreamDecoder streamDecoder();

  @Override
  void close();

  /** Turns ids into text one by one. Not thread-safe. */
  interface StreamDecoder {
    /** Text that became complete with this id; may be empty. */
    String next(int token);

    /** What is left at the end. */
    String finish();
  }
}
