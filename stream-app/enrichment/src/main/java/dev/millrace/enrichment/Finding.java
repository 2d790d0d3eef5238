package dev.millrace.enrichment;

import java.util.List;

/**
 * What is found about one document in one task: takes in answers in the parts' order. Owned by the
 * document's job.
 */
interface Finding {

  /** Takes in a text, which may be empty only if the ask's role allows it. */
  default void take(Ask ask, String text, int part) {
    throw new IllegalStateException(ask.task().name() + " asks for no text");
  }

  /** Takes in log-probabilities of the task's alternatives. */
  default void take(Ask ask, double[] logProbabilities, int part) {
    throw new IllegalStateException(ask.task().name() + " asks for no scores");
  }

  /** What must still be asked to make one answer of several; nothing if there is one. */
  default List<EngineCall> reductions(PromptBook prompts) {
    return List.of();
  }

  /** Writes down the answer, if one was found. */
  void fill(AnswerSheet sheet);
}
