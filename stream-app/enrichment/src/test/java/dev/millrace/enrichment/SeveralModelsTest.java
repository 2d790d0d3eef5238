package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.enrichment.Enrichment.AskedTask;
import dev.millrace.enrichment.Enrichment.Span;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Tasks of one plan that ask different models. */
class SeveralModelsTest extends EnricherKit {
  private static final String PLAN =
      """
      promptVersion: m1
      documents: {partsMax: 8, beyond: read-first}
      tasks:
        summarise: {instruction: "/sum", reduceInstruction: "/join", tokensMax: 40}
        classify:
          - {name: kind, instruction: "/kind", labels: [a, b], model: small}
        translate:
          - {to: it, instruction: "/it", tokensMax: 300, model: small}
        screen:
          template: "Check: {document} [{categories}]"
          policyVersion: g4
          categories: {S1: Knives.}
          model: guard
      """;

  /** The guard finds everything unsafe. */
  private static class Guard extends Echo {
    @Override
    public double[] score(String prompt, String instruction, List<String> labels) {
      return new double[] {Math.log(0.1), Math.log(0.9)};
    }

    @Override
    public String generate(String prompt, String instruction) {
      return "unsafe\nS1";
    }
  }

  private final ScriptedEngine main = track(new ScriptedEngine(2000, new Echo()));
  private final ScriptedEngine small = track(new ScriptedEngine(700, new Echo()));
  private final ScriptedEngine guard = track(new ScriptedEngine(2000, new Guard()));

  private EngineEnricher several(ScriptedEngine guarding) {
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    engines.put("main", main);
    engines.put("small", small);
    engines.put("guard", guarding);
    return track(new EngineEnricher(engines, PlanReader.parse(PLAN, "test"), settings()));
  }

  @Test
  void shouldAskEachModelItsOwnTasksInOneRequest() {
    Quarantined found = (Quarantined) outcome(several(guard), doc("A knife."));

    assertThat(main.requests()).hasSize(1);
    assertThat(small.requests()).hasSize(1);
    assertThat(small.requests().getFirst().branches())
        .extracting(branch -> text(branch.suffix()))
        .containsExactly("/kind", "/it");
    assertThat(text(guard.requests().getFirst().prefix()))
        .isEqualTo("Check: A knife. [S1: Knives.]");
    Enrichment enrichment = found.enrichment();
    assertThat(enrichment.summary()).isPresent();
    assertThat(enrichment.translations()).containsEntry("it", "IT<A knife.>");
    assertThat(enrichment.safety().orElseThrow().checks().getFirst().categories())
        .containsExactly("S1");
    assertThat(enrichment.usage().requests()).isEqualTo(3);
    assertThat(enrichment.usage().documentTokens()).as("once by each model").isEqualTo(3 * 8);
  }

  @Test
  void shouldSayWhichModelAnsweredWhich() {
    Enrichment found = ((Quarantined) outcome(several(guard), doc("x"))).enrichment();

    assertThat(found.provenance().models().keySet()).containsExactly("main", "small", "guard");
    assertThat(found.provenance().tasks())
        .extractingFromEntries(Map.Entry::getKey, task -> task.getValue().model())
        .extracting(pair -> pair.toList().toString())
        .containsExactly(
            "[summary, main]", "[kind, small]", "[translations.it, small]", "[safety, guard]");
  }

  @Test
  void shouldKeepATasksDigestWhateverElseThePlanAsks() {
    String alone =
        """
        promptVersion: other
        documents: {partsMax: 8, beyond: read-first}
        tasks:
          summarise: {instruction: "/sum", reduceInstruction: "/join", tokensMax: 40}
        """;

    Map<String, AskedTask> whole =
        ((Quarantined) outcome(several(guard), doc("x"))).enrichment().provenance().tasks();
    Map<String, AskedTask> part =
        enriched(enricher(engine(new Echo()), alone), doc("x")).provenance().tasks();

    assertThat(part.get("summary")).isEqualTo(whole.get("summary"));
    assertThat(of(whole, "kind").promptDigest())
        .hasSize(12)
        .isNotEqualTo(of(whole, "summary").promptDigest());
  }

  @Test
  void shouldCoverWhatAllModelsHaveRead() {
    String text = String.join("\n\n", Collections.nCopies(50, "word ".repeat(18)));

    Enrichment found = ((Quarantined) outcome(several(guard), doc(text))).enrichment();

    List<Span> spans = found.coverage().spans();
    assertThat(spans).as("the parts of the model that reads least").hasSize(8);
    assertThat(spans.getLast().end()).isLessThan(text.length());
    assertThat(small.requests()).hasSize(8);
    assertThat(main.requests().size()).as("parts, and a reduction").isLessThan(8);
    assertThat(found.summary().orElseThrow()).startsWith("join(");
  }

  @Test
  void shouldDeferADocumentWhenOneOfItsModelsIsLost() {
    ScriptedEngine lost =
        track(
            new ScriptedEngine(
                2000,
                new Guard() {
                  @Override
                  public Optional<Reason> failure(String prompt) {
                    return Optional.of(Reason.ENGINE_FAILED);
                  }
                }));

    Object answer = answer(several(lost), doc("x"));

    assertThat(answer).isInstanceOf(Deferral.class);
    assertThat(((Deferral) answer).cause()).isEqualTo(Deferral.Cause.ENGINE_LOST);
  }

  @Test
  void shouldRefuseAModelThatIsNotThereAndNameThoseThatAre() {
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    engines.put("main", main);
    engines.put("small", small);

    assertThatThrownBy(
            () -> new EngineEnricher(engines, PlanReader.parse(PLAN, "test"), settings()))
        .isInstanceOf(PlanException.class)
        .hasMessageContaining(
            "task safety asks model guard, which is not there; there are main," + " small");
    assertThatThrownBy(() -> enricher(main, PLAN))
        .hasMessageContaining("task kind asks model small, which is not there; there is main");
    assertThatThrownBy(() ->
            new EngineEnricher(Map.of("guard", guard), PlanReader.parse(TASKS, "test"), settings()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("engines must have one named main");
  }
}
