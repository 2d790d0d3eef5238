package dev.millrace.enrichment.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Expected values: chrF2 by sacrebleu 2.6.0, ROUGE-L by an independent program. */
class TextMeasuresTest {

  private record Pair(String reference, String answer, double chrF, double rougeL) {}

  private static final List<Pair> PAIRS =
      List.of(
          new Pair(
              "Questo pacchetto contiene i file di sviluppo.",
              "Questo pacchetto contiene i file per lo sviluppo.",
              86.01162942041431,
              0.8),
          new Pair(
              "libreria per la gestione delle immagini",
              "una libreria di immagini",
              39.622501919104636,
              0.4),
          new Pair(
              "Il gatto è sul tavolo 😀 e beve.",
              "Il cane è sotto il tavolo 😀😀.",
              36.03072061278769,
              0.4615384615384615),
          new Pair("abc", "abc", 100, 1),
          new Pair("ab", "xyz qrs tuv", 0, 0),
          new Pair("lunga frase di riferimento", "", 0, 0),
          new Pair(
              "GNU C++ compiler\nfor all.", "GNU c compiler for\u00a0all", 68.99335767942705, 1));

  @Test
  void shouldMeasureEachPairAsSacrebleuDoes() {
    for (Pair pair : PAIRS) {
      ChrF chrF = new ChrF();
      chrF.add(pair.reference(), pair.answer());
      assertThat(chrF.score()).as(pair.answer()).isCloseTo(pair.chrF(), within(1e-9));
    }
  }

  @Test
  void shouldMeasureACorpusAsSacrebleuDoes() {
    ChrF chrF = new ChrF();
    PAIRS.forEach(pair -> chrF.add(pair.reference(), pair.answer()));

    assertThat(chrF.score()).isCloseTo(51.998896431756215, within(1e-9));
    assertThat(chrF.pairs()).isEqualTo(7);
    assertThat(new ChrF().score()).isZero();
  }

  @Test
  void shouldMeasureTheLongestCommonSubsequence() {
    for (Pair pair : PAIRS) {
      assertThat(RougeL.score(pair.reference(), pair.answer()))
          .as(pair.answer())
          .isCloseTo(pair.rougeL(), within(1e-12));
    }
    // the cat sat on mat / the mat on sat: "the ... on" or "the ... sat", 2 of 5 and 4 words
    assertThat(RougeL.score("the cat sat on mat", "the mat on sat"))
        .isCloseTo(2 * 2 / 9.0, within(1e-12));
    assertThat(RougeL.score("", "")).isZero();
  }

  @Test
  void shouldTakeRunsOfLettersMarksAndDigitsForWords() {
    assertThat(RougeL.words("C++ e-mail, Über 2.6 cafe\u0301"))
        .containsExactly("c", "e", "mail", "über", "2", "6", "cafe\u0301");
  }
}
