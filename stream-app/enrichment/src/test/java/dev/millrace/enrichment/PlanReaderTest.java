package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.enrichment.Plan.Beyond;
import dev.millrace.enrichment.Plan.Documents;
import dev.millrace.enrichment.Plan.FlawedAnswers;
import dev.millrace.enrichment.Plan.Prices;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.ClassifyAny;
import dev.millrace.enrichment.Task.Generate;
import dev.millrace.enrichment.Task.Label;
import dev.millrace.enrichment.Task.Screen;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
                    new Summarise("summary", "main", "\n\nSummarise.", "\n\nJoin.", 64),
                    new Classify(
                        "classification",
                        "main",
                        "\n\nKind?",
                        List.of(
                            new Label("invoice", "invoice"),
                            new Label("Letter of complaint", "complaint"),
                            new Label("404", "404")),
                        1.5,
                        0.4),
                    new Translate("main", "it", Set.of("en", "fr"), "\n\nItalian.", 300, 0),
                    new Translate("main", "en", Set.of(), "\n\nEnglish.", 200, 1.5),
                    new Screen(
                        "main",
                        Screen.Layout.TEMPLATE,
                        "Check {categories} in {document}",
                        "p2",
                        Map.of("S1", "Violent Crimes.", "S2", "Fraud."),
                        0.7,
                        "ok",
                        "bad",
                        12)),
                new Prices(
                    OptionalDouble.of(3.5), OptionalDouble.of(0.1), OptionalDouble.of(0.4))));
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
                List.of(new Summarise("summary", "main", "Sum up.", "Sum up.", 10)),
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
                + " (known: summarise, generate, classify, translate, screen)");
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
        "line 1: tasks must hold at least one of summarise, generate, classify, translate, screen");
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
    assertThat(plan.tasks()).extracting(Task::name).contains("summary", "translations.it");
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
        .extracting(plan -> plan.tasks().stream().map(Task::name).toList())
        .containsExactly(
            List.of("summary", "classification", "translations.it", "translations.en", "safety"),
            List.of("safety"));
  }

  @Test
  void shouldReadTheExamplesOfTheDocumentation() throws IOException {
    Path examples = Path.of(System.getProperty("millrace.root"), "docs/examples/plans");
    Map<String, List<String>> names = new TreeMap<>();
    try (Stream<Path> files = Files.list(examples)) {
      files.forEach(file ->
          names.put(
              file.getFileName().toString(),
              PlanReader.read(file).tasks().stream().map(Task::name).toList()));
    }

    assertThat(names)
        .containsEntry(
            "support.yaml",
            List.of("summary", "handover", "reply", "classification", "tags", "translations.it"))
        .containsEntry("two-models.yaml", List.of("summary", "safety"));
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

  @Test
  void shouldKeepTheFingerprintThatAPlanHadBeforeThereWereNames() {
    Plan demo =
        PlanReader.beside(
            Path.of(System.getProperty("millrace.root"), "inference-core/models/demo"));

    assertThat(demo.fingerprint()).isEqualTo("demo-2+81cf404f8780");
    assertThat(PlanReader.parse(COMPLETE, "test").fingerprint()).isEqualTo("v7+2605f04e5e59");
  }

  @Test
  void shouldReadNamedTasksOfEachKindAndTheirModels() {
    Plan plan =
        PlanReader.parse(
            """
            promptVersion: v1
            tasks:
              summarise:
                - {instruction: Sum up., tokensMax: 10}
                - {name: long, instruction: Sum up at length., tokensMax: 90, model: big}
              generate: {name: title, instruction: A title., tokensMax: 8}
              classify:
                - {name: topic, instruction: "Topic?", labels: [a, b], temperature: 2}
                - name: tags
                  choose: any
                  instruction: "Is it about {label}?"
                  labels: [{name: price, text: prices}, delivery]
                  temperature: 3
                  threshold: 0.7
                  yes: "Yes"
                  no: "No"
              translate: {to: it, instruction: Italian., tokensMax: 9, model: big}
              screen: {instruction: "Safe?", policyVersion: p, model: guard}
            """,
            "test");

    assertThat(plan.tasks())
        .containsExactly(
            new Summarise("summary", "main", "Sum up.", "Sum up.", 10),
            new Summarise("long", "big", "Sum up at length.", "Sum up at length.", 90),
            new Generate("title", "main", "A title.", "A title.", 8),
            new Classify(
                "topic", "main", "Topic?", List.of(new Label("a", "a"), new Label("b", "b")), 2, 0),
            new ClassifyAny(
                "tags",
                "main",
                "Is it about {label}?",
                List.of(new Label("price", "prices"), new Label("delivery", "delivery")),
                3,
                0.7,
                "Yes",
                "No"),
            new Translate("big", "it", Set.of(), "Italian.", 9, 0),
            new Screen(
                "guard",
                Screen.Layout.INSTRUCTION,
                "Safe?",
                "p",
                Map.of(),
                0.5,
                "safe",
                "unsafe",
                20));
    assertThat(plan.models()).containsExactly("main", "big", "guard");
    assertThat(plan.summarise().orElseThrow().name()).isEqualTo("summary");
    assertThat(plan.classify().orElseThrow().name()).as("the first").isEqualTo("topic");
  }

  @Test
  void shouldRefuseNamesThatMisleadAndTasksThatCannotBeToldApart() {
    String yaml =
        """
        promptVersion: v1
        tasks:
          summarise:
            - {instruction: a, tokensMax: 10}
            - {instruction: a, tokensMax: 10}
            - {name: Long, instruction: a, tokensMax: 10, model: "big one"}
          generate:
            - {instruction: a, tokensMax: 8}
            - {name: summary, instruction: a, tokensMax: 8}
            - {name: language, instruction: a, tokensMax: 8}
            - {name: topic, instruction: a, tokensMax: 8}
          classify:
            - {name: topic, instruction: a, labels: [a, b]}
            - {choose: any, instruction: "{label}?", labels: [a]}
            - {name: tags, choose: any, instruction: "it?", labels: [a], abstainBelow: 0.5}
            - {name: none, choose: any, instruction: "{label}?", labels: []}
            - {name: many, choose: some, instruction: a, labels: [a, b], threshold: 0.5}
        """;

    PlanException failure =
        catchThrowableOfType(PlanException.class, () -> PlanReader.parse(yaml, "plan.yaml"));

    assertThat(failure.problems())
        .containsExactlyInAnyOrder(
            "line 5: tasks.summarise[1].name is missing: without one it is summary, as the task on"
                + " line 4",
            "line 6: tasks.summarise[2].name must be at most 63 small letters a-z, digits and"
                + " hyphens, a letter first, got \"Long\"",
            "line 6: tasks.summarise[2].model must be a model's name of small letters a-z, digits"
                + " and hyphens, got \"big one\"",
            "line 8: tasks.generate[0].name is missing",
            "line 9: tasks.generate[1].name must not be summary: records mean something else by it",
            "line 10: tasks.generate[2].name must not be language: records mean something else by"
                + " it",
            "line 13: tasks.classify[0].name topic is the name of the task on line 11, too",
            "line 14: tasks.classify[1].name is missing",
            "line 15: unknown key tasks.classify[2].abstainBelow (known: choose, name, model,"
                + " instruction, temperature, threshold, yes, no, labels)",
            "line 15: tasks.classify[2].instruction must contain {label}",
            "line 16: tasks.classify[3].labels must be at least 1, got 0",
            "line 17: tasks.classify[4].choose must be one of one, any, got some",
            "line 17: unknown key tasks.classify[4].threshold (known: choose, name, model,"
                + " instruction, temperature, abstainBelow, labels)");
  }

  @Test
  void shouldGiveAnotherFingerprintToAnotherNameOrModel() {
    String plain = "promptVersion: v\ntasks:\n  summarise: {instruction: a, tokensMax: 9";
    String unnamed = PlanReader.parse(plain + "}", "test").fingerprint();

    assertThat(PlanReader.parse(plain + ", name: summary, model: main}", "test").fingerprint())
        .isEqualTo(unnamed);
    assertThat(PlanReader.parse(plain + ", name: short}", "test").fingerprint())
        .isNotEqualTo(unnamed);
    assertThat(PlanReader.parse(plain + ", model: big}", "test").fingerprint())
        .isNotEqualTo(unnamed);
  }

  private static void assertProblem(String yaml, String problem) {
    assertThatThrownBy(() -> PlanReader.parse(yaml, "test"))
        .isInstanceOf(PlanException.class)
        .hasMessageContaining(problem);
  }
}
