package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.BranchResult.Finish;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchUsage;
import dev.millrace.enrichment.AnswerReader.Answer;
import dev.millrace.enrichment.Enrichment.Warning.Code;
import dev.millrace.enrichment.testing.CharacterTokenizer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AnswerReaderTest {
  private static final CharacterTokenizer TOKENIZER = new CharacterTokenizer();

  @Test
  void shouldStripAnAnswerThatEndedByItself() {
    assertThat(read(" a mill, a mill, a mill, a mill, a mill,\n", Finish.STOP))
        .isEqualTo(new Answer("a mill, a mill, a mill, a mill, a mill,", Optional.empty()));
  }

  @Test
  void shouldMarkAnAnswerThatWasCut() {
    assertThat(read("a mill on the\ufffd", Finish.LENGTH))
        .isEqualTo(new Answer("a mill on the", Optional.of(Code.ANSWER_CUT)));
  }

  @Test
  void shouldKeepARepetitionOnce() {
    assertThat(read("It mills. And mills. And mills. And mills. And mills. An", Finish.LENGTH))
        .isEqualTo(new Answer("It mills. And", Optional.of(Code.ANSWER_REPEATS)));
    assertThat(read("Oooooooooooooooooooooo", Finish.LENGTH))
        .isEqualTo(new Answer("Oo", Optional.of(Code.ANSWER_REPEATS)));
  }

  @Test
  void shouldNotTakeAFewEqualTokensForARepetition() {
    assertThat(read("a row of dots ........", Finish.LENGTH).flaw()).contains(Code.ANSWER_CUT);
  }

  private static Answer read(String text, Finish finish) {
    return new AnswerReader(TOKENIZER)
        .read(new Generated(TOKENIZER.encode(text), finish, BranchUsage.NONE));
  }
}
