package dev.millrace.engine.tokenizer;

import java.util.List;

/**
 * The model's own chat template, turned into token ids piece by piece so that message content can
 * never become a special token. Thread-safe.
 */
public interface ChatTemplate {

  /** One message. */
  record Message(String role, String content) {}

  /**
   * Ids of messages, without an assistant header: the start of a conversation.
   *
   * @param messages in order
   * @param generationPrompt whether the assistant's header follows
   */
  int[] encode(List<Message> messages, boolean generationPrompt);

  /**
   * A user turn whose content has a shared and a varying part, cut so that the prefix's ids do not
   * depend on the suffix: {@code prefix(system, shared) + suffix(varying)} is one complete prompt.
   * The two parts of the content are tokenised separately.
   *
   * @param system system text, empty for none
   * @param shared first part of the user's content: the document
   * @return everything up to and including the shared part
   */
  int[] prefix(String system, String shared);

  /**
   * The rest of the turn: varying part, end of turn, assistant header.
   *
   * @param varying second part of the user's content: the instruction
   */
  int[] suffix(String varying);
}
