package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.maybe;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.optionalText;
import static dev.millrace.operations.config.ConfigType.path;
import static dev.millrace.operations.config.ConfigType.regex;
import static dev.millrace.operations.config.ConfigType.text;

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
              + " that are created later included. None may have more partitions than the one with"
              + " the most had when the application first ran. Needs `name`.");

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
              DEAD_LETTER));

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
