package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.enrichment.Enrichment.Usage;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Safety verdicts. */
class ScreeningTest extends EnricherKit {

  @Test
  void shouldQuarantineWhatIsUnsafeWithItsEvidence() {
    Script script =
        new Echo() {
          @Override
          public double[] score(String prompt, String instruction, List<String> labels) {
            return labels.size() == 2
                ? new double[] {Math.log(0.1), Math.log(0.4)}
                : super.score(prompt, instruction, labels);
          }

          @Override
          public String generate(String prompt, String instruction) {
            return instruction.startsWith("/safe")
                ? "unsafe\nS2, S1,S9"
                : super.generate(prompt, instruction);
          }
        };
    ScriptedEngine engine = engine(script);

    Quarantined found = (Quarantined) outcome(enricher(engine, SCREENED), doc("A fork."));

    assertThat(engine.requests()).hasSize(1);
    assertThat(text(engine.requests().getFirst().branches().getLast().suffix()))
        .isEqualTo("/safe S1: Knives.\nS2: Forks.");
    var safety = found.enrichment().safety().orElseThrow();
    assertThat(safety.safe()).isFalse();
    assertThat(safety.checks()).hasSize(1);
    assertThat(safety.checks().getFirst().text()).isEqualTo("document");
    assertThat(safety.checks().getFirst().categories()).containsExactly("S1", "S2");
    assertThat(safety.checks().getFirst().score()).isCloseTo(0.8, within(1e-12));
    assertThat(safety.checks().getFirst().policyVersion()).isEqualTo("p1");
    assertThat(found.enrichment().summary()).isPresent();
  }

  @Test
  void shouldPriceVerdictAndCategoriesAsOneAnswer() {
    String plan =
        """
        promptVersion: t
        tasks:
          screen:
            instruction: "/safe {categories}"
            policyVersion: p
            categories: {S1: Forks.}
            threshold: 1
        prices: {apiInputMillionUsd: 1, apiOutputMillionUsd: 10}
        """;

    Usage usage = enriched(enricher(engine(new Echo()), plan), doc("A fork.")).usage();

    int prompt = 2 + "A fork.".length() + "/safe S1: Forks.".length() + 2;
    int answer = "safe".length() + 1;
    assertThat(usage.apiCostUsd().orElseThrow())
        .isCloseTo(prompt * 1e-6 + answer * 1e-5, within(1e-15));
  }

  @Test
  void shouldCallADocumentSafeBelowTheThreshold() {
    Script script =
        new Echo() {
          @Override
          public double[] score(String prompt, String instruction, List<String> labels) {
            return new double[labels.size()];
          }

          @Override
          public String generate(String prompt, String instruction) {
            return instruction.startsWith("/safe")
                ? "unsafe S1"
                : super.generate(prompt, instruction);
          }
        };

    Enrichment found = enriched(enricher(engine(script), SCREENED), doc("A fork."));

    assertThat(found.safety().orElseThrow().safe()).isTrue();
    var check = found.safety().orElseThrow().checks().getFirst();
    assertThat(check.categories()).isEmpty();
    assertThat(check.score()).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void shouldScreenWithATemplateInARequestOfItsOwn() {
    String plan =
        """
        promptVersion: g
        tasks:
          screen:
            template: "Check: {document} [{categories}]"
            policyVersion: g4
            categories: {S1: Knives.}
        """;
    ScriptedEngine engine = engine(new Echo());

    Enrichment found = enriched(enricher(engine, plan), doc("my {categories}"));

    assertThat(text(engine.requests().getFirst().prefix()))
        .isEqualTo("Check: my {categories} [S1: Knives.]");
    assertThat(engine.requests().getFirst().branches().getFirst().suffix()).isEmpty();
    assertThat(found.safety()).isPresent();
    assertThat(found.usage().documentTokens()).isEqualTo("my {categories}".length());
  }
}
