package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.enrichment.Plan.Beyond;
import dev.millrace.enrichment.Plan.Documents;
import dev.millrace.enrichment.Plan.FlawedAnswers;
import dev.millrace.enrichment.Plan.Prices;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Label;
import dev.millrace.enrichment.Task.Screen;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanReaderTest {
  private static final String COMPLETE =
      """
      promptVersion: v7
      language: en-GB
      system: "You are terse."
      documents: {tokensMax: 1_000, partsMax: 4, beyond: read-first}
      answers: {flawed: reject}
      tasks:
        summarise:
          instruction: "\\n\\nSummarise."
          reduceInstruction: "\\n\\nJoin."
          tokensMax: 64
        classify:
          instruction: "\\n\\nKind?"
          temperature: 1.5
          abstainBelow: 0.4
          labels:
            - invoice
            - {name: Letter of complaint, text: complaint}
            - 404
        translate:
          - {to: it, from: [en, fr-CA], instruction: "\\n\\nItalian.", tokensMax: 300}
          - to: en
            instruction: "\\n\\nEnglish."
            tokensMax: 200
            tokensPerDocumentToken: 1.5
        screen:
          template: "Check {categories} in {document}"
          policyVersion: p2
          categories: {S1: Violent Crimes., S2: Fraud.}
          threshold: 0.7
          safe: ok
          unsafe: bad
          tokensMax: 12
      prices: {deviceHourUsd: 3.5, apiInputMillionUsd: 0.1, apiOutputMillionUsd: 0.4}
      """;

  @Test
  void shouldReadEveryKey() {
    Plan plan = PlanReader.parse(COMPLETE, "test");

    assertThat(plan)
        .isEqualTo(
            new Plan(
                "v7",
                "en",
                "You are terse.",
                new Documents(1000, 4, Beyond.READ_FIRST),
                FlawedAnswers.REJECT,
                List.of(
                    new Summarise("\n\nSummarise.", "\n\nJoin.", 64),
                    new Classify(
                        "\n\nKind?",
                        List.of(
                            new Label("invoice", "invoice"),
                            new Label("Letter of complaint", "complaint"),
                            new Label("404", "404")),
                        1.5,
                        0.4),
                    new Translate("it", Set.of("en", "fr"), "\n\nItalian.", 300, 0),
                    new Translate("en", Set.of(), "\n\nEnglish.", 200, 1.5),
                    new Screen(
                        Screen.Layout.TEMPLATE,
                        "Check {categories} in {document}",
                        "p2",
                        Map.of("S1", "Violent Crimes.", "S2", "Fraud."),
                        0.7,
                        "ok",
                        "bad",
                        12)),
                new Prices(3.5, 0.1, 0.4)));
  }

  @Test
  void shouldNeedNoMoreThanAVersionAndATask() {
    Plan plan =
        PlanReader.parse(
            """
            promptVersion: v1
            tasks:
              summarise: {instruction: Sum up., tokensMax: 10}
            """,
            "test");

    assertThat(plan)
        .isEqualTo(
            new Plan(
                "v1",
                "en",
                "",
                Documents.DEFAULTS,
                FlawedAnswers.KEEP,
                List.of(new Summarise("Sum up.", "Sum up.", 10)),
                Prices.NONE));
  }

  @Test
  void shouldTellAllProblemsAtOnceWithTheirLines() {
    String yaml =
        """
        promtVersion: v1
        language: "?"
        documents: {tokensMax: many, partsMax: 0, beyond: cut}
        tasks:
          summarise:
            instruction: Sum up.
            tokenMax: 10
          classify:
            instruction: [a]
            abstainBelow: 2
            labels: [one, {name: two, texts: zwei}, one]
          translate:
            - {to: it, instruction: a, tokensMax: 5}
            - {to: it, from: [en], instruction: a, tokensMax: 5}
            - Italian
          screen: {template: "no place", policyVersion: p}
          redact: {}
        """;

    PlanException failure =
        catchThrowableOfType(PlanException.class, () -> PlanReader.parse(yaml, "plan.yaml"));

    assertThat(failure.problems())
        .containsExactlyInAnyOrder(
            "line 1: promptVersion is missing",
            "line 1: unknown key promtVersion (did you mean \"promptVersion\"?)",
            "line 2: language must be a language tag such as it, got \"?\"",
            "line 3: documents.tokensMax must be a whole number, got many",
            "line 3: documents.partsMax must be 1..4096, got 0",
            "line 3: documents.beyond must be one of reject, read-first, got cut",
            "line 6: tasks.summarise.tokensMax is missing",
            "line 7: unknown key tasks.summarise.tokenMax (did you mean \"tokensMax\"?)",
            "line 9: tasks.classify.instruction must be a text, got a list",
            "line 10: tasks.classify.abstainBelow must be 0..1, got 2",
            "line 11: unknown key tasks.classify.labels[1].texts (did you mean \"text\"?)",
            "line 11: label name one is given twice, first on line 11",
            "line 11: label text one is given twice, first on line 11",
            "line 14: tasks.translate[1].to is translated to by an earlier entry for the same"
                + " documents",
            "line 15: tasks.translate[2] must be a mapping, got a value",
            "line 16: tasks.screen.template must contain {document}",
            "line 17: unknown key tasks.redact"
                + " (known: summarise, classify, translate, screen)");
    assertThat(failure).hasMessageStartingWith("plan plan.yaml has 17 problems:\n  line");
  }

  @Test
  void shouldRefuseAKeyGivenTwice() {
    assertProblem("promptVersion: a\npromptVersion: b\n", "line 2: promptVersion is given twice");
  }

  @Test
  void shouldRefuseAPlanWithoutTasks() {
    assertProblem(
        "promptVersion: a\n",
        "line 1: tasks must hold at least one of summarise, classify, translate, screen");
  }

  @Test
  void shouldRefuseWhatIsNoYaml() {
    assertProblem("promptVersion: [", "is no YAML");
    assertProblem("", "must be a mapping, got nothing");
    assertProblem("- a\n", "must be a mapping, got a list");
  }

  @Test
  void shouldRefuseCategoriesThatThePromptDoesNotShow() {
    assertProblem(
        """
        promptVersion: a
        tasks:
          screen:
            instruction: Safe?
            policyVersion: p
            categories: {S1: Fraud.}
        """,
        "line 6: tasks.screen.categories are not used: the prompt lacks {categories}");
  }

  @Test
  void shouldSayWhatIsMissingBesideAModel(@TempDir Path directory) {
    assertThatThrownBy(() -> PlanReader.beside(directory))
        .isInstanceOf(PlanException.class)
        .hasMessageContaining("enrichment.yaml: no such file");
  }

  @Test
  void shouldRefuseAFileThatIsNoText(@TempDir Path directory) throws IOException {
    Path file = Files.write(directory.resolve("plan.yaml"), new byte[] {'a', (byte) 0xff});

    assertThatThrownBy(() -> PlanReader.read(file)).hasMessageEndingWith("is not UTF-8 text");
  }

  @Test
  void shouldReadTheDemoModelsPlan() {
    Plan plan =
        PlanReader.beside(
            Path.of(System.getProperty("millrace.root"), "inference-core/models/demo"));

    assertThat(plan.classify().orElseThrow().labels()).hasSize(35);
    assertThat(plan.tasks()).extracting(Task::field).contains("summary", "translations.it");
  }

  @Test
  void shouldReadThePlansOfTheReadme() throws IOException {
    String readme =
        Files.readString(
            Path.of(System.getProperty("millrace.root"), "stream-app/enrichment/README.md"));
    List<String> blocks =
        Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL)
            .matcher(readme)
            .results()
            .map(block -> block.group(1))
            .toList();

    List<Plan> plans = blocks.stream().map(block -> PlanReader.parse(block, "README.md")).toList();

    assertThat(plans)
        .extracting(plan -> plan.tasks().stream().map(Task::field).toList())
        .containsExactly(
            List.of("summary", "classification", "translations.it", "translations.en", "safety"),
            List.of("safety"));
  }

  @Test
  void shouldGiveAnotherFingerprintToAnotherPromptButNotToOtherPrices() {
    String fingerprint = PlanReader.parse(COMPLETE, "test").fingerprint();

    assertThat(fingerprint).startsWith("v7+").hasSize(15);
    assertThat(PlanReader.parse(COMPLETE.replace("3.5", "4.5"), "test").fingerprint())
        .isEqualTo(fingerprint);
    assertThat(PlanReader.parse(COMPLETE.replace("Join.", "Merge."), "test").fingerprint())
        .isNotEqualTo(fingerprint);
    assertThat(PlanReader.parse(COMPLETE.replace("- invoice", "- bill"), "test").fingerprint())
        .isNotEqualTo(fingerprint);
  }

  private static void assertProblem(String yaml, String problem) {
    assertThatThrownBy(() -> PlanReader.parse(yaml, "test"))
        .isInstanceOf(PlanException.class)
        .hasMessageContaining(problem);
  }
}
