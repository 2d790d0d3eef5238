package dev.millrace.operations.metrics;

import java.util.List;

/**
 * Every metric. Declared here before it is emitted; the reference page is made from this list, and
 * the description in it is the documentation.
 */
public enum Metric {
  DOCUMENTS_PENDING(
      "millrace.documents.pending",
      Kind.GAUGE,
      "documents",
      List.of("stream.task"),
      "Documents consumed and without an outcome. Consumer lag does not show them.",
      "Grows for long: the engine is slower than the input."),
  DOCUMENTS_PARKED(
      "millrace.documents.parked",
      Kind.GAUGE,
      "documents",
      List.of("stream.task"),
      "Pending documents that lie on disk only, waiting for a place in the engine.",
      "As for pending."),
  DOCUMENTS_IN_FLIGHT(
      "millrace.documents.in.flight",
      Kind.GAUGE,
      "documents",
      List.of("stream.task"),
      "Documents in the engine's hands.",
      "Zero while documents are pending: nothing is being done."),
  DOCUMENTS_HELD(
      "millrace.documents.held",
      Kind.GAUGE,
      "documents",
      List.of("stream.task"),
      "Outcomes that wait for an earlier document (processing.order).",
      "Near processing.in.flight.task.max: one slow document holds back its partition."),
  PENDING_AGE(
      "millrace.documents.pending.age",
      Kind.GAUGE,
      "seconds",
      List.of("stream.task"),
      "Time since the oldest pending document was consumed.",
      "Above what a consumer of the output accepts. Alert on this, not on lag."),
  OUTCOMES(
      "millrace.outcomes",
      Kind.COUNTER,
      "documents",
      List.of("outcome", "reason"),
      "Documents by outcome: enriched, quarantined or rejected, and the reason of rejection;"
          + " deletions that were forwarded (deleted) or passed over (skipped).",
      "The share of rejected documents rises."),
  DOCUMENT_TIME(
      "millrace.document.time",
      Kind.HISTOGRAM,
      "seconds",
      List.of("outcome"),
      "Time from consumption to outcome.",
      "Above what a consumer of the output accepts."),
  QUEUE_TIME(
      "millrace.document.queue.time",
      Kind.HISTOGRAM,
      "seconds",
      List.of(),
      "Time that an enriched document waited in the engine's queue.",
      "Most of millrace_document_time: the engine has more work than it can do."),
  COMPUTE_TIME(
      "millrace.document.compute.time",
      Kind.HISTOGRAM,
      "seconds",
      List.of(),
      "An enriched document's share of the time of the engine's steps.",
      "Grows while documents do not: something else takes the device."),
  INFO(
      "millrace.instance",
      Kind.GAUGE,
      "instances",
      List.of("build", "input", "plan", "models"),
      "Always 1: the build of this instance, and of each input the digest of its plans and the"
          + " models with the beginnings of their digests.",
      "Two plans for one input for longer than a rollout takes."),
  RETRIES(
      "millrace.retries",
      Kind.COUNTER,
      "documents",
      List.of("cause"),
      "Documents that have to be submitted again, by cause.",
      "ENGINE_LOST: restart. REGISTRY_UNAVAILABLE: documents are waiting for the registry."),
  RESUBMITTED(
      "millrace.documents.resubmitted",
      Kind.COUNTER,
      "documents",
      List.of(),
      "Documents that an earlier run or another instance had left pending.",
      "Grows steadily: instances keep losing their work."),
  SUSPECTED(
      "millrace.documents.suspected",
      Kind.COUNTER,
      "documents",
      List.of(),
      "Documents enriched in a group of their own or with nothing beside them, because processes"
          + " ended while they were in flight.",
      "Grows: something ends the application again and again."),
  SKIPPED(
      "millrace.documents.skipped",
      Kind.COUNTER,
      "documents",
      List.of(),
      "Documents that were read again and skipped, because they were taken before.",
      "Above 0: the group's committed offsets expired, were deleted or set back."),
  STALE(
      "millrace.completions.stale",
      Kind.COUNTER,
      "documents",
      List.of(),
      "Answers for a stream task that has moved on, or that came twice. They are dropped.",
      "Grows without rebalances: the engine answers twice."),
  PARTITIONS_HANGING(
      "millrace.partitions.hanging",
      Kind.GAUGE,
      "partitions",
      List.of("topic"),
      "Partitions whose last stable offset has stood still below their end for watchdog.hanging or"
          + " longer. Every instance sees all partitions: take the largest value, not the sum.",
      "Above 0: records are there and not seen, see docs/failures.md#hanging-transactions."),
  HANGING_AGE(
      "millrace.partitions.hanging.age",
      Kind.GAUGE,
      "seconds",
      List.of("topic"),
      "For how long the last stable offset of the partition that hangs longest has been seen to"
          + " stand still; 0 if none hangs.",
      ""),
  TOKENS(
      "millrace.tokens",
      Kind.COUNTER,
      "tokens",
      List.of("kind"),
      "Tokens of enriched documents: prompt, cached (part of prompt) and generated.",
      "cached falls to zero: prefixes are no longer shared."),
  COST(
      "millrace.cost",
      Kind.COUNTER,
      "dollars",
      List.of("kind"),
      "What enriched documents cost at the plan's prices: own, and as an API would have charged.",
      ""),
  BRANCHES(
      "millrace.answers",
      Kind.COUNTER,
      "answers",
      List.of("field"),
      "Answers of the model, by the part of the enrichment they fill. Those of a document that is"
          + " enriched again after a crash count again.",
      ""),
  BRANCH_TOKENS(
      "millrace.answers.tokens",
      Kind.COUNTER,
      "tokens",
      List.of("field", "kind"),
      "Tokens that an answer took beside its document: prefilled for it alone, and generated.",
      "generated rises for a field: the model does not come to an end there."),
  WARNINGS(
      "millrace.answers.warnings",
      Kind.COUNTER,
      "answers",
      List.of("warning", "field"),
      "Answers that were kept with a warning, by the part of the enrichment they fill.",
      "Rises after a change of model or plan."),
  ENGINE_STEP_TIME(
      "millrace.engine.step",
      Kind.TIMER,
      "seconds",
      List.of("model", "phase"),
      "Time of a step, by what it held: prefill, decode or mixed.",
      "Mixed above 1 s: lower model.step.tokens.max."),
  ENGINE_ROWS(
      "millrace.engine.rows",
      Kind.COUNTER,
      "tokens",
      List.of("model", "phase"),
      "Tokens computed, by phase.",
      ""),
  ENGINE_WAITING(
      "millrace.engine.requests.waiting",
      Kind.GAUGE,
      "requests",
      List.of("model"),
      "Requests accepted and not yet admitted.",
      "Always high with few running: key-value memory is short."),
  ENGINE_RUNNING(
      "millrace.engine.requests.running",
      Kind.GAUGE,
      "requests",
      List.of("model"),
      "Requests admitted.",
      ""),
  ENGINE_BLOCKS_FREE(
      "millrace.engine.kv.blocks.free",
      Kind.GAUGE,
      "blocks",
      List.of("model"),
      "Free blocks of key-value memory.",
      "Zero with requests waiting: raise model.kv.memory."),
  ENGINE_REQUEST_TIME(
      "millrace.engine.request",
      Kind.TIMER,
      "seconds",
      List.of("model", "part"),
      "Time of a request: in the queue, and in all.",
      ""),
  ENGINE_FAILURES(
      "millrace.engine.failures",
      Kind.COUNTER,
      "branches",
      List.of("model", "reason"),
      "Branches that failed, by reason.",
      "ENGINE_FAILED: restart.");

  /** What kind of meter it is. */
  public enum Kind {
    /** Only grows. */
    COUNTER,
    /** A value of this moment. */
    GAUGE,
    /** Count, sum and longest of durations. */
    TIMER,
    /** The same, and how many were at most so long. */
    HISTOGRAM
  }

  private final String meter;
  private final Kind kind;
  private final String unit;

  /** A copy that cannot be changed; the type does not say so. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> tags;

  private final String description;
  private final String worry;

  Metric(
      String meter, Kind kind, String unit, List<String> tags, String description, String worry) {
    this.meter = meter;
    this.kind = kind;
    this.unit = unit;
    this.tags = List.copyOf(tags);
    this.description = description;
    this.worry = worry;
  }

  /** Name of the meter, dotted. */
  public String meter() {
    return meter;
  }

  /** What kind of meter it is. */
  public Kind kind() {
    return kind;
  }

  /** Base unit. */
  public String unit() {
    return unit;
  }

  /**
   * The name under which Prometheus sees it; a timer has {@code _count}, {@code _sum} behind it.
   */
  public String prometheusName() {
    String name = meter.replace('.', '_') + (countsThings() ? "" : "_" + unit);
    return kind == Kind.COUNTER ? name + "_total" : name;
  }

  /** Whether the unit is the thing that is counted, which the name says already. */
  public boolean countsThings() {
    return !unit.equals("seconds") && !unit.equals("dollars");
  }

  /** Names of its tags. */
  public List<String> tags() {
    return tags;
  }

  /** What it says. */
  public String description() {
    return description;
  }

  /** When to worry; empty if never. */
  public String worry() {
    return worry;
  }
}
