package dev.millrace.streams.reference;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.RecordHeaderNames;

/** The reference page of everything that keeps a document from being enriched. */
public final class ErrorsReference {

  private ErrorsReference() {}

  /** The page in Markdown. */
  public static String markdown() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Errors

        Generated from `RejectReason` and `Deferral.Cause`; edit `ErrorsReference` and run the tests
        with `-Dmillrace.docs.write=true`.

        A document that cannot be enriched, now or later, goes to the dead-letter topic: an Avro
        `DeadLetter` with its original key, value and headers, under the original key and
        timestamp. For consumers that do not read Avro, these record headers say the same in
        UTF-8 text:

        """);
    header(page, RecordHeaderNames.REASON, "one of the reasons below");
    header(page, RecordHeaderNames.MESSAGE, "found against expected; never the document's text");
    header(page, RecordHeaderNames.SOURCE_TOPIC, "where the document was read");
    header(page, RecordHeaderNames.SOURCE_PARTITION, "its partition");
    header(page, RecordHeaderNames.SOURCE_OFFSET, "its offset");
    header(
        page,
        RecordHeaderNames.SOURCE_TIMESTAMP,
        "its timestamp in milliseconds, where the dead letter's record has another");
    header(page, RecordHeaderNames.MESSAGE_ID, "`topic-partition-offset`");
    header(page, RecordHeaderNames.ATTEMPT, "which attempt gave the outcome");
    page.append(
        """

        `millrace redrive` copies dead letters back to the input topic, each once.

        ## Reasons of rejection

        | reason | what it means | what to do |
        |---|---|---|
        """);
    for (RejectReason reason : RejectReason.values()) {
      page.append("| `%s` | %s | %s |%n".formatted(reason, meaning(reason), remedy(reason)));
    }
    page.append(
        """

        ## Causes of another attempt

        These are no fault of the document. It stays pending and is submitted again after a
        back-off (`processing.backoff.min`, `processing.backoff.max`).

        | cause | what it means | what happens |
        |---|---|---|
        """);
    for (Deferral.Cause cause : Deferral.Cause.values()) {
      page.append("| `%s` | %s |%n".formatted(cause, explanation(cause)));
    }
    return page.toString();
  }

  private static void header(StringBuilder page, String name, String meaning) {
    page.append("- `").append(name).append("`: ").append(meaning).append("\n");
  }

  private static String meaning(RejectReason reason) {
    return switch (reason) {
      case NULL_VALUE -> "The record has no value, or says that its document is deleted.";
      case TOO_LARGE ->
          "The record is larger than the configured limit, or than the changelog topic takes.";
      case BAD_FRAMING -> "The value does not begin as the wire format says.";
      case UNKNOWN_SCHEMA -> "The registry did not know the schema id for the whole grace period.";
      case UNDECODABLE -> "The bytes do not decode with their schema, or are not the format.";
      case INVALID_TEXT ->
          "A text is no Unicode: bytes that are not UTF-8, or half a surrogate pair, in any field.";
      case INVALID_DOCUMENT ->
          "A required field is missing or empty, a field has a value that no record can hold, or"
              + " the model's chat template refuses the text.";
      case UNKNOWN_PLAN -> "Its record's header or its tenant names a plan that there is not.";
      case TOO_LONG -> "The text is longer than the plan allows to read.";
      case INVALID_ANSWER -> "The model gave no usable answer; it would give the same again.";
      case INTERNAL_ERROR -> "This software failed on the document; the log says where.";
      case OUTCOME_TOO_LARGE -> "The enrichment does not fit the output topic's record size.";
      case DEADLINE -> "Every attempt missed its deadline.";
      case PROCESS_ENDED ->
          "Processes crashed while it was in flight (`processing.restarts.max`), the last with"
              + " nothing beside it; or as many ended without a trace while nothing was beside it."
              + " How it is found, and who is not condemned: see"
              + " [failures](../failures.md).";
    };
  }

  private static String remedy(RejectReason reason) {
    return switch (reason) {
      case NULL_VALUE -> "Nothing: there is no document. `tombstones` may say otherwise.";
      case TOO_LARGE ->
          "Raise `documents.bytes.max` (and `topics.record.bytes.max`, and the topics'"
              + " `max.message.bytes`), then re-drive.";
      case BAD_FRAMING -> "Fix the producer, or set `documents.format` to what it sends.";
      case UNKNOWN_SCHEMA -> "Register the schema, then re-drive.";
      case UNDECODABLE, INVALID_DOCUMENT ->
          "Say how the values are laid out (`inputs`: `format`, `fields`, `envelope`), then re-drive;"
              + " or fix the producer.";
      case INVALID_TEXT -> "Fix the producer.";
      case UNKNOWN_PLAN ->
          "Name the plan in `plans`, or set the input's `plan.unknown`, then re-drive.";
      case TOO_LONG -> "Raise the plan's limit, then re-drive.";
      case INVALID_ANSWER -> "Change the plan or the model, then re-drive.";
      case INTERNAL_ERROR -> "Report the fault; re-drive with a build that mends it.";
      case OUTCOME_TOO_LARGE ->
          "Raise `topics.record.bytes.max` and the topic's `max.message.bytes`, then re-drive.";
      case DEADLINE -> "Raise `processing.deadline`, or lower the load, then re-drive.";
      case PROCESS_ENDED ->
          "Look for what ended them (exit code, `hs_err` file) and report it; re-drive if it was"
              + " something else.";
    };
  }

  private static String explanation(Deferral.Cause cause) {
    return switch (cause) {
      case OVERLOADED -> "The engine's queue is full. | Waits; not counted as an attempt.";
      case DEADLINE ->
          "The attempt took longer than `processing.deadline`."
              + " | Counted; rejected after `processing.attempts.max`.";
      case CANCELLED -> "Cancelled while stopping or rebalancing. | Submitted again.";
      case ENGINE_LOST ->
          "The engine or its device failed."
              + " | Nothing more is submitted, liveness goes red, `run` ends with code 1.";
      case REGISTRY_UNAVAILABLE ->
          "The registry does not answer and the schema is not cached."
              + " | Readiness goes red until it answers; never rejected for this.";
      case UNKNOWN_SCHEMA ->
          "The registry does not know the schema id."
              + " | Asked again; rejected after `schema.unknown.grace`.";
    };
  }
}
