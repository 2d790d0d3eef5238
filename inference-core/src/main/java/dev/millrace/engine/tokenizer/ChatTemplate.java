package dev.millrace.engine.tokenizer;

import java.util.List;

/**
 * The model's own chat template, turned into token ids so that message content can never become a
 * special token. Thread-safe.
 */
public interface ChatTemplate {

  /** One message. */
  record Message(String role, String content) {}

  /**
   * A prompt of one user turn in two parts.
   *
   * @param prefix ids up to and including the shared part of the content; the same array for turns
   *     that share it
   * @param suffix ids of the rest: varying part, end of turn, assistant header
   */
  @SuppressWarnings("ArrayRecordComponent") // ids travel as arrays everywhere
  record Turn(int[] prefix, int[] suffix) {}

  /**
   * Ids of messages: the start of a conversation.
   *
   * @param messages in order
   * @param generationPrompt whether the assistant's header follows
   * @throws TokenizerException if the template refuses them or leaves out text of the system or a
   *     user
   */
  int[] encode(List<Message> messages, boolean generationPrompt);

  /**
   * Prompts whose user's content has one shared and one of several varying parts, each cut where
   * the shared part ends. The two parts of the content are tokenised separately; together they are
   * what the template makes of the whole content.
   *
   * @param system system text, empty for none
   * @param shared first part of the user's content: the document
   * @param varying second parts of the user's content: the instructions
   * @return one for each varying part, in their order
   * @throws TokenizerException if the template refuses the content, leaves out any of it or does
   *     not print it once and in order
   */
  List<Turn> turns(String system, String shared, List<String> varying);

  /** A single prompt in two parts: see {@link #turns}. */
  default Turn turn(String system, String shared, String varying) {
    return turns(system, shared, List.of(varying)).getFirst();
  }
}
