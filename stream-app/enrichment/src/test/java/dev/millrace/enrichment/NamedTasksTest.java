package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Several tasks of a kind, told apart by their names. */
class NamedTasksTest extends EnricherKit {
  private static final String PLAN =
      """
      promptVersion: n1
      documents: {tokensMax: 100, partsMax: 4, beyond: read-first}
      tasks:
        summarise:
          - {instruction: "/sum", reduceInstruction: "/join", tokensMax: 40}
          - {name: long, instruction: "/long", reduceInstruction: "/longer", tokensMax: 45}
        generate:
          - {name: title, instruction: "/title", tokensMax: 20}
        classify:
          - {instruction: "/kind", labels: [a, ab, {name: See, text: c}], abstainBelow: 0.2}
          - {name: urgency, instruction: "/urgent", labels: [low, high], temperature: 2}
          - name: tags
            choose: any
            instruction: "/about {label}?"
            labels: [{name: Price, text: money}, delivery, weather]
            threshold: 0.6
      prices: {deviceHourUsd: 3.6, apiInputMillionUsd: 1, apiOutputMillionUsd: 10}
      """;

  /** Says yes to what the document speaks of. */
  private static final Script SCRIPT =
      new Echo() {
        @Override
        public String generate(String prompt, String instruction) {
          return switch (instruction) {
            case "/long", "/longer", "/title" -> instruction + " of " + prompt.length();
            default -> super.generate(prompt, instruction);
          };
        }

        @Override
        public double[] score(String prompt, String instruction, List<String> labels) {
          if (instruction.startsWith("/about ")) {
            String label = instruction.substring("/about ".length(), instruction.length() - 1);
            double yes = prompt.contains(label) ? 0.8 : 0.1;
            return new double[] {Math.log(yes), Math.log(1 - yes)};
          }
          return instruction.equals("/urgent")
              ? new double[] {Math.log(0.1), Math.log(0.9)}
              : super.score(prompt, instruction, labels);
        }
      };

  @Test
  void shouldAskAllTasksOfAllNamesInOneRequest() {
    ScriptedEngine engine = engine(SCRIPT);

    Enrichment found = enriched(enricher(engine, PLAN), doc("On money."));

    assertThat(engine.requests()).hasSize(1);
    assertThat(engine.requests().getFirst().branches())
        .extracting(branch -> text(branch.suffix()))
        .containsExactly(
            "/sum",
            "/long",
            "/title",
            "/kind",
            "/urgent",
            "/about money?",
            "/about delivery?",
            "/about weather?");
    assertThat(found.summary()).contains("sum(On money)");
    assertThat(found.answers().texts())
        .containsExactly(Map.entry("long", "/long of 9"), Map.entry("title", "/title of 9"));
    assertThat(found.classification().orElseThrow().distribution())
        .containsOnlyKeys("a", "ab", "See");
    assertThat(found.answers().classifications().keySet()).containsExactly("urgency", "tags");
    assertThat(found.provenance().tasks().keySet())
        .containsExactly("summary", "long", "title", "classification", "urgency", "tags");
  }

  @Test
  void shouldCalibrateEachClassificationOnItsOwn() {
    Enrichment found = enriched(enricher(engine(SCRIPT), PLAN), doc("On money."));

    Classification urgency = of(found.answers().classifications(), "urgency");
    double high = Math.sqrt(0.9) / (Math.sqrt(0.9) + Math.sqrt(0.1));
    assertThat(urgency.likeliest().orElseThrow().label()).isEqualTo("high");
    assertThat(urgency.likeliest().orElseThrow().probability()).isCloseTo(high, within(1e-12));
    Classification tags = of(found.answers().classifications(), "tags");
    assertThat(tags.labels()).containsExactly("Price");
    assertThat(tags.likeliest()).isEmpty();
    assertThat(tags.distribution().get("Price")).isCloseTo(0.8, within(1e-12));
    assertThat(tags.distribution().get("weather")).isCloseTo(0.1, within(1e-12));
  }

  @Test
  void shouldGiveALabelThatOnePartOfALongDocumentIsAbout() {
    String text = "w ".repeat(45) + "\n\n" + "On weather. " + "w ".repeat(30);

    Enrichment found = enriched(enricher(engine(SCRIPT), PLAN), doc(text));

    assertThat(found.coverage().spans()).hasSize(2);
    assertThat(of(found.answers().classifications(), "tags").labels()).containsExactly("weather");
  }

  @Test
  void shouldReduceEachTextOfALongDocumentByItself() {
    String text = String.join("\n\n", Collections.nCopies(3, "word ".repeat(18)));
    ScriptedEngine engine = engine(SCRIPT);

    Enrichment found = enriched(enricher(engine, PLAN), doc(text));

    assertThat(found.coverage().spans()).hasSize(3);
    List<String> asked = new ArrayList<>();
    engine
        .requests()
        .subList(3, engine.requests().size())
        .forEach(request -> request.branches().forEach(branch -> asked.add(text(branch.suffix()))));
    assertThat(asked).containsExactly("/join", "/longer", "/title");
    String summaries = String.join("\n", Collections.nCopies(3, "sum(word wor)"));
    assertThat(found.summary()).contains("join(" + summaries.length() + ")");
    String longs = String.join("\n", Collections.nCopies(3, "/long of 89"));
    assertThat(found.answers().texts().get("long")).isEqualTo("/longer of " + longs.length());
  }

  @Test
  void shouldTakeTheFirstWhereAPlanNamesAll() {
    String plan =
        """
        promptVersion: n
        tasks:
          summarise:
            - {name: short, instruction: "/sum", tokensMax: 40}
            - {name: long, instruction: "/long", tokensMax: 45}
          classify:
            - {name: tags, choose: any, instruction: "/about {label}?", labels: [money]}
            - {name: urgency, instruction: "/urgent", labels: [low, high]}
        """;

    Answers found = enriched(enricher(engine(SCRIPT), plan), doc("On money.")).answers();

    assertThat(found.summary()).contains("sum(On money)");
    assertThat(found.texts()).containsOnlyKeys("short", "long");
    assertThat(found.texts()).containsEntry("short", "sum(On money)");
    assertThat(found.classification()).contains(found.classifications().get("urgency"));
    assertThat(found.classifications().keySet()).containsExactly("tags", "urgency");
  }

  @Test
  void shouldNameTheTaskInWarningsAndFaults() {
    Script cut =
        new Echo() {
          @Override
          public String generate(String prompt, String instruction) {
            return instruction.equals("/title")
                ? "far more than twenty characters of a title"
                : instruction.equals("/long") ? "long" : super.generate(prompt, instruction);
          }
        };
    Script silent = (_, instruction) -> instruction.equals("/long") ? "" : "text";

    Enrichment kept = enriched(enricher(engine(cut), PLAN), doc("x"));
    Rejected rejected = (Rejected) outcome(enricher(engine(silent), PLAN), doc("x"));

    assertThat(kept.warnings()).containsExactly(new Warning(Warning.Code.ANSWER_CUT, "title"));
    assertThat(rejected.message()).isEqualTo("the model's answer for long is empty");
  }

  @Test
  void shouldPriceAnyNumberOfLabelsAsOneCallThatReadsTheDocumentOnce() {
    String plan =
        """
        promptVersion: n
        tasks:
          classify:
            - {name: tags, choose: any, instruction: "/about {label}?", labels: [money, rain]}
        prices: {apiInputMillionUsd: 1, apiOutputMillionUsd: 10}
        """;

    Enrichment found = enriched(enricher(engine(SCRIPT), plan), doc("On money."));

    int prompt = 2 + 9 + "/about money?".length() + 2 + "/about rain?".length() + 2;
    int answers = "yes".length() + "no".length();
    assertThat(found.usage().apiCostUsd().orElseThrow())
        .isCloseTo(prompt * 1e-6 + answers * 1e-5, within(1e-15));
    assertThat(found.usage().costUsd()).as("no price of an hour").isEmpty();
  }

  @Test
  void shouldNotKnowACostThatIsPricedByHalf() {
    String half = PLAN.replace(", apiOutputMillionUsd: 10", "");

    Enrichment found = enriched(enricher(engine(SCRIPT), half), doc("On money."));

    assertThat(found.usage().apiCostUsd()).isEmpty();
    assertThat(found.usage().costUsd()).isPresent();
  }
}
