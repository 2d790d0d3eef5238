package dev.millrace.operations.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.enrichment.CsvRow;
import dev.millrace.records.OutputTopics;
import dev.millrace.records.Tombstones;
import dev.millrace.records.shape.Envelope;
import dev.millrace.records.shape.EpochUnit;
import dev.millrace.records.shape.FieldPath;
import dev.millrace.records.shape.RecordShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputTest {
  private static final ConfigSpec SPEC =
      new ConfigSpec(
          List.of(TopicKeys.SECTION, DocumentKeys.SECTION),
          List.of(InputKeys.INPUTS),
          List.of(InputKeys.PLANS),
          List.of(InputKeys::check));

  private static Config parse(String yaml) {
    return ConfigReader.parse(SPEC, "test.yaml", Path.of("/etc/millrace"), yaml, Map.of());
  }

  private static List<String> problems(String yaml) {
    return catchThrowableOfType(ConfigException.class, () -> parse(yaml)).problems();
  }

  @Test
  void shouldTakeTheShortFormForOneInput() {
    Config config = parse("topics.documents: in\ndocuments.format: text\n");

    assertThat(Input.all(config))
        .singleElement()
        .satisfies(input -> {
          assertThat(input.name()).isEqualTo("documents");
          assertThat(input.topics().documents()).isEqualTo(TopicSelection.named("in"));
          assertThat(input.format()).isEqualTo(DocumentFormat.TEXT);
          assertThat(input.plan()).isEmpty();
        });
  }

  @Test
  void shouldReadAListOfInputsAndFillInWhatTheyShare() {
    Config config =
        parse(
            """
            documents.format: json
            topics.dead.letter: dead
            plans:
              brief: plans/brief.yaml
              Ann: plans/ann.yaml
            inputs:
              - topic: notes
                format: text
                plan: brief
                enriched: enriched-notes
              - {topic: letters, name: post, plan.by: tenant, plan.unknown: brief}
            """);
    Input notes = Input.of(config, "notes");
    Input post = Input.of(config, "letters");

    assertThat(notes.topics())
        .isEqualTo(
            new Topics(
                "notes", new OutputTopics("enriched-notes", "quarantined-documents", "dead")));
    assertThat(notes.format()).isEqualTo(DocumentFormat.TEXT);
    assertThat(notes.plan()).isEqualTo("brief");
    assertThat(post.name()).isEqualTo("post");
    assertThat(post.format()).isEqualTo(DocumentFormat.JSON);
    assertThat(post.planBy()).isEqualTo(PlanBy.TENANT);
    assertThat(post.planUnknown()).isEqualTo("brief");
    assertThat(Input.outputs(config))
        .containsExactly("enriched-notes", "quarantined-documents", "dead", "enriched-documents");
    assertThat(config.map(InputKeys.PLANS))
        .isEqualTo(Map.of("Ann", Path.of("plans/ann.yaml"), "brief", Path.of("plans/brief.yaml")));
    assertThat(config.printable())
        .containsEntry("inputs.0.topic", "notes")
        .containsEntry("plans.brief", "plans/brief.yaml");
  }

  @Test
  void shouldReportEverythingThatIsWrongWithAList() {
    assertThat(
            problems(
                """
                inputs:
                  - {topik: a}
                  - {topic: a, format: xml}
                plans: {"-": x.yaml}
                """))
        .anySatisfy(line ->
            assertThat(line)
                .contains("unknown key \"inputs.0.topik\"")
                .contains("did you mean \"topic\""))
        .anySatisfy(line ->
            assertThat(line).startsWith("inputs.1.format: expected one of avro, json, text"))
        .anySatisfy(line -> assertThat(line).startsWith("plans.-: a name in plans"))
        .hasSize(3);
  }

  @Test
  void shouldRefuseInputsThatCannotLiveTogether() {
    assertThat(
            problems(
                """
                topics.documents: in
                inputs:
                  - {topic: a, enriched: b}
                  - {topic: b, name: a}
                  - {topic: c, quarantined: enriched-documents, plan: none, plan.by: header}
                  - {topic: a/b, name: d}
                """))
        .anySatisfy(line -> assertThat(line).startsWith("topics.documents is the one input"))
        .anySatisfy(line ->
            assertThat(line).contains("inputs.1.topic: topic b takes enriched documents already"))
        .anySatisfy(line -> assertThat(line).contains("inputs.1: two inputs are called a"))
        .anySatisfy(line ->
            assertThat(line)
                .contains("inputs.2.quarantined: topic enriched-documents takes enriched"))
        .anySatisfy(line -> assertThat(line).contains("inputs.2.plan: no plan is called none"))
        .anySatisfy(line -> assertThat(line).contains("inputs.2.plan.by: there are no plans"))
        .anySatisfy(line -> assertThat(line).contains("inputs.3.topic: \"a/b\" is not a topic"))
        .hasSize(7);
  }

  @Test
  void shouldReadHowTheValuesOfAnInputAreLaidOut() {
    Config config =
        parse(
            """
            inputs:
              - topic: orders
                format: json
                envelope: debezium
                tombstones: forward
                time.unit: micros
                text.separator: " - "
                fields:
                  id: order.id
                  text: [subject, body]
                  createdAt: $.ts_us
                  attributes: {customer: customer.id, Shop: shop}
              - {topic: lines, format: csv, csv.columns: [id, text], csv.delimiter: ";"}
              - {topic: rows, format: csv, csv.columns: [a, b], fields: {text: b}}
            """);
    InputLayout orders = Input.of(config, "orders").layout();

    assertThat(orders.tombstones()).isEqualTo(Tombstones.FORWARD);
    assertThat(orders.shape().envelope()).isEqualTo(Envelope.DEBEZIUM);
    assertThat(orders.shape().fields().separator()).isEqualTo(" - ");
    assertThat(orders.shape().fields().unit()).isEqualTo(EpochUnit.MICROS);
    assertThat(orders.shape().fields().fields())
        .containsOnlyKeys("id", "text", "createdAt", "attributes.customer", "attributes.Shop")
        .containsEntry("text", List.of(FieldPath.parse("subject"), FieldPath.parse("body")));
    assertThat(Input.of(config, "lines").layout().csv())
        .isEqualTo(new CsvRow(List.of("id", "text"), ';'));
    assertThat(Input.of(config, "lines").layout().shape()).isEqualTo(RecordShape.DOCUMENT);
    assertThat(Input.of(config, "rows").layout().shape().fields().separator())
        .as("a blank line")
        .isEqualTo("\n\n");
    assertThat(config.printable())
        .containsEntry("inputs.0.fields.text", "[subject, body]")
        .containsEntry("inputs.0.envelope", "DEBEZIUM")
        .doesNotContainKey("inputs.1.text.separator");
  }

  @Test
  void shouldRefuseALayoutThatCannotBeMeant() {
    assertThat(
            problems(
                """
                inputs:
                  - {topic: a, format: json, fields: {txt: b}}
                  - {topic: b, format: text, fields: {text: b}}
                  - {topic: c, format: avro, envelope: connect, fields: {text: b, id: [c, d]}}
                  - {topic: d, format: csv}
                  - {topic: e, format: csv, csv.columns: [id, id, body]}
                  - {topic: f, format: csv, csv.columns: [id, body], fields: {text: bode}}
                  - {topic: g, format: json, fields: {text: a..b}}
                """))
        .containsExactlyInAnyOrder(
            "inputs.0.fields.txt is no field of a document; there are id, text, language, title,"
                + " source, tenant, createdAt, attributes and attributes.NAME (did you mean"
                + " \"text\"?)",
            "inputs.0.fields has no text: name the path of what is enriched",
            "inputs.1: values of the format text have no fields and no envelope",
            "inputs.2.envelope: connect is what Connect's JSON converter writes; of its Avro"
                + " converter take none",
            "inputs.2.fields.id takes one path, found [c, d]: only text is joined",
            "inputs.3.csv.columns: the format csv needs the names of the columns",
            "inputs.3.csv.columns: none is called text; name the column of the text in fields",
            "inputs.4.csv.columns: two columns have the same name",
            "inputs.4.csv.columns: none is called text; name the column of the text in fields",
            "inputs.5.fields.text: no column is called bode (did you mean \"body\"?)",
            "inputs.6.fields.text \"a..b\" is no path such as order.id");
    assertThat(problems("documents.format: csv\n"))
        .singleElement()
        .asString()
        .startsWith("documents.format: csv needs an entry in the list of inputs");
    assertThat(problems("inputs: [{topic: a, csv.delimiter: ab, time.unit: days}]\n"))
        .containsExactlyInAnyOrder(
            "inputs.0.csv.delimiter: expected one character that is no quotation mark and no line"
                + " end, got \"ab\"",
            "inputs.0.time.unit: expected one of seconds, millis, micros, nanos, got \"days\"");
  }

  @Test
  void shouldRefuseAnEntryThatIsText() {
    assertThat(problems("inputs: [{topic: a}, text]\n"))
        .anySatisfy(
            line -> assertThat(line).contains("inputs: expected keys and values in each entry"));
  }

  @Test
  void shouldNotQuoteTheContentOfAFile(@TempDir Path directory) throws IOException {
    Files.writeString(directory.resolve("secret"), "qx-secret");

    ConfigException refused =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                ConfigReader.parse(
                    SPEC,
                    "test.yaml",
                    directory,
                    "inputs: [{topic: a, format: '${file:secret}'}]\n",
                    Map.of()));

    assertThat(refused.problems())
        .containsExactly(
            "inputs.0.format: expected one of avro, json, text, csv, got \"${file:secret}\"");
  }

  @Test
  void shouldTakeAPatternInPlaceOfATopic() {
    Config config =
        parse(
            """
            inputs:
              - {pattern: "tenant-[a-z]+", name: tenants}
              - topic: other
            """);

    assertThat(Input.all(config).getFirst().name()).isEqualTo("tenants");
    assertThat(Input.all(config).getFirst().topics().documents())
        .isEqualTo(TopicSelection.matching("tenant-[a-z]+"));
    assertThat(Input.of(config, "tenant-ann").name()).isEqualTo("tenants");
    assertThat(Input.of(config, "other").name()).isEqualTo("other");
  }

  @Test
  void shouldRefuseAPatternThatCannotBeMeant() {
    assertThat(problems("inputs:\n  - {pattern: \"a(\", name: a}\n"))
        .singleElement()
        .asString()
        .contains("inputs.0.pattern", "regular expression");
    assertThat(problems("inputs:\n  - {pattern: a.*, topic: b, name: a}\n"))
        .containsExactly("inputs.0: exactly one of topic and pattern is needed");
    assertThat(problems("inputs:\n  - {name: a}\n"))
        .containsExactly("inputs.0: exactly one of topic and pattern is needed");
    assertThat(problems("inputs:\n  - {pattern: a.*}\n"))
        .singleElement()
        .asString()
        .startsWith("inputs.0.name");
    assertThat(problems("inputs:\n  - {pattern: .*-documents, name: a}\n"))
        .as("a loop")
        .anyMatch(problem -> problem.contains("matches topic enriched-documents"));
    assertThat(problems("inputs:\n  - {pattern: in.*, name: a}\n  - topic: inbox\n"))
        .singleElement()
        .asString()
        .contains("matches topic inbox, which takes input inbox already");
  }
}
