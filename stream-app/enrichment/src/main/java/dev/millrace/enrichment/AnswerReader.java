package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult.Finish;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.tokenizer.Tokenizer;
import dev.millrace.enrichment.Enrichment.Warning.Code;
import java.util.Arrays;
import java.util.Optional;

/**
 * From generated tokens to an answer's text. An answer that ran into its limit is marked as cut;
 * one that ran into it by repeating itself keeps the repeated piece once and is marked as
 * repeating. Thread-safe because the tokenizer is.
 */
final class AnswerReader {
  private static final int PERIOD_TOKENS_MAX = 64;
  private static final int REPETITIONS_MIN = 4;
  private static final int REPEATED_TOKENS_MIN = 16;
  private static final char REPLACEMENT = '\ufffd';

  private final Tokenizer tokenizer;

  AnswerReader(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * An answer.
   *
   * @param text without white space around it; empty if the model said nothing
   * @param flaw what is wrong with it, if anything
   */
  record Answer(String text, Optional<Code> flaw) {}

  Answer read(Generated generated) {
    int[] tokens = generated.tokens();
    if (generated.finish() == Finish.STOP) {
      return new Answer(tokenizer.decode(tokens).strip(), Optional.empty());
    }
    int kept = withoutRepetition(tokens);
    String text = tokenizer.decode(Arrays.copyOf(tokens, kept));
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == REPLACEMENT) {
      end--; // the limit cut a character in two
    }
    Code flaw = kept < tokens.length ? Code.ANSWER_REPEATS : Code.ANSWER_CUT;
    return new Answer(text.substring(0, end).strip(), Optional.of(flaw));
  }

  /** Length up to the first occurrence of what the tail repeats; the whole if it does not. */
  static int withoutRepetition(int[] tokens) {
    for (int period = 1; period <= PERIOD_TOKENS_MAX; period++) {
      int start = tokens.length - period;
      while (start > 0 && tokens[start - 1] == tokens[start - 1 + period]) {
        start--;
      }
      int repeated = tokens.length - start;
      if (repeated >= Math.max(REPEATED_TOKENS_MIN, REPETITIONS_MIN * period)) {
        return start + period;
      }
    }
    return tokens.length;
  }
}
