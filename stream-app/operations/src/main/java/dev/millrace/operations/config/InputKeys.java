package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.character;
import static dev.millrace.operations.config.ConfigType.list;
import static dev.millrace.operations.config.ConfigType.maybe;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.optionalText;
import static dev.millrace.operations.config.ConfigType.path;
import static dev.millrace.operations.config.ConfigType.regex;
import static dev.millrace.operations.config.ConfigType.separator;
import static dev.millrace.operations.config.ConfigType.text;

import dev.millrace.records.Tombstones;
import dev.millrace.records.shape.Envelope;
import dev.millrace.records.shape.EpochUnit;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Several input topics, and the plans that their documents get; {@code inputs}, {@code plans}. */
public final class InputKeys {
  /** What stands for "reject" where a plan's name may stand. */
  public static final String REJECT = "reject";

  public static final ConfigKey<String> TOPIC =
      optional(
          "topic", optionalText(), "", "invoices", "The input topic; this or `pattern` is needed.");

  public static final ConfigKey<String> PATTERN =
      optional(
          "pattern",
          regex(),
          "",
          "tenant-[a-z]+-invoices",
          "In place of `topic`: all topics whose whole names match this regular expression, those"
              + " that are created later included. At least one must exist at the start. Needs"
              + " `name`.");

  public static final ConfigKey<String> NAME =
      optional(
          "name",
          optionalText(),
          "",
          "invoices",
          "Names the input in the log and its pending documents in the changelog: renaming an input"
              + " while documents are pending loses them. Empty takes the topic's name; beside"
              + " `pattern` it is needed.");

  public static final ConfigKey<Optional<DocumentFormat>> FORMAT =
      optional(
          "format",
          maybe(oneOf(DocumentFormat.class)),
          "",
          "json",
          "What the values are. Empty takes documents.format.");

  public static final ConfigKey<String> PLAN =
      optional(
          "plan",
          optionalText(),
          "",
          "invoices",
          "The plan of its documents: a name of `plans`. Empty takes model.plan.");

  public static final ConfigKey<PlanBy> PLAN_BY =
      optional(
          "plan.by",
          oneOf(PlanBy.class),
          "input",
          "tenant",
          "What names the plan of a document: the input (`plan`), a header of its record, or the"
              + " document's tenant.");

  public static final ConfigKey<String> PLAN_HEADER =
      optional(
          "plan.header",
          text(),
          "millrace.plan",
          "x-plan",
          "The header that names the plan, in UTF-8; a document without it gets `plan`.");

  public static final ConfigKey<String> PLAN_UNKNOWN =
      optional(
          "plan.unknown",
          text(),
          REJECT,
          "invoices",
          "What a document gets whose header or tenant is no name of `plans`: a plan's name, or"
              + " `reject` for a dead letter.");

  public static final ConfigKey<String> ENRICHED =
      optional(
          "enriched",
          optionalText(),
          "",
          "enriched-invoices",
          "Topic of its enriched documents. Empty takes topics.enriched.");

  public static final ConfigKey<String> QUARANTINED =
      optional(
          "quarantined",
          optionalText(),
          "",
          "quarantined-invoices",
          "Topic of what the safety check held back. Empty takes topics.quarantined.");

  public static final ConfigKey<String> DEAD_LETTER =
      optional(
          "dead.letter",
          optionalText(),
          "",
          "dead-letter-invoices",
          "Topic of what cannot be enriched. Empty takes topics.dead.letter.");

  public static final ConfigMap<List<String>> FIELDS =
      new ConfigMap<>(
          "fields",
          list(),
          "Where the fields of a document lie in the values of a format other than text: id, text,"
              + " language, title, source, tenant, createdAt, attributes (an object, whose texts,"
              + " numbers and booleans it takes) and attributes.NAME, each with the path of a"
              + " field: names with dots between them, the number of an entry of a list, `$.`"
              + " before"
              + " one that starts outside the envelope. text may have several, and a list of texts:"
              + " they are joined. What is not named, the document does not have, but its id is the"
              + " record's key or position then. Without `fields`, values have the fields of a"
              + " document themselves.",
          new ConfigMap.Example("text", "subject,body"));

  public static final ConfigKey<String> TEXT_SEPARATOR =
      optional(
          "text.separator",
          separator(),
          "\\n\\n",
          "\\n",
          "Stands between several texts of `fields.text`.");

  public static final ConfigKey<EpochUnit> TIME_UNIT =
      optional(
          "time.unit",
          oneOf(EpochUnit.class),
          "millis",
          "seconds",
          "What a time of `fields.createdAt` counts that is a bare number, since 1970. A time whose"
              + " schema says what it is needs none.");

  public static final ConfigKey<Envelope> ENVELOPE =
      optional(
          "envelope",
          oneOf(Envelope.class),
          "none",
          "debezium",
          "What is around the values: `connect` is schema and payload, as Connect's JSON converter"
              + " writes; `debezium` is an event of before, after and op, whose `after` is read"
              + " (within Connect's, too).");

  public static final ConfigKey<Tombstones> TOMBSTONES =
      optional(
          "tombstones",
          oneOf(Tombstones.class),
          "reject",
          "forward",
          "What becomes of a record that says that its document is deleted: one without a value, or"
              + " a Debezium event of a deletion. `reject` makes a dead letter of it, `skip` passes"
              + " it over, `forward` writes a record of its key without a value to the enriched and"
              + " the quarantine topic; with processing.order key or partition, behind what came"
              + " before it.");

  public static final ConfigKey<Optional<List<String>>> CSV_COLUMNS =
      optional(
          "csv.columns",
          maybe(list()),
          "",
          "id,text",
          "Names of the columns of the format csv, in their order: a topic has no header line. A"
              + " record is one line, as RFC 4180 has it.");

  public static final ConfigKey<Character> CSV_DELIMITER =
      optional("csv.delimiter", character(), ",", ";", "Stands between two columns.");

  public static final ConfigList INPUTS =
      ConfigList.ordered(
              "inputs",
              "Several input topics in one application, each with its own format, plan and output"
                  + " topics. Without it, the one input is topics.documents.",
              List.of(
                  TOPIC,
                  PATTERN,
                  NAME,
                  FORMAT,
                  PLAN,
                  PLAN_BY,
                  PLAN_HEADER,
                  PLAN_UNKNOWN,
                  ENRICHED,
                  QUARANTINED,
                  DEAD_LETTER,
                  TEXT_SEPARATOR,
                  TIME_UNIT,
                  ENVELOPE,
                  TOMBSTONES,
                  CSV_COLUMNS,
                  CSV_DELIMITER))
          .with(FIELDS);

  public static final ConfigMap<Path> PLANS =
      new ConfigMap<>(
          "plans",
          path(),
          "Plans by name, for `inputs` to choose from: the file of each. A plan that every document"
              + " gets is model.plan and needs no name.",
          new ConfigMap.Example("invoices", "plans/invoices.yaml"));

  private InputKeys() {}

  /** The relations between inputs, and between them and the plans. */
  public static void check(ConfigProblems problems) {
    Input.check(problems);
  }
}
