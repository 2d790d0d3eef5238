package dev.millrace.records;

/**
 * Headers that this application writes, all UTF-8 text. A contract: consumers, alerts and re-drives
 * read them.
 */
public final class RecordHeaderNames {
  /** All of them begin so; what an input record carries under it is replaced. */
  public static final String PREFIX = "millrace.";

  /** Topic the document was read from. */
  public static final String SOURCE_TOPIC = "millrace.source.topic";

  /** Partition the document was read from. */
  public static final String SOURCE_PARTITION = "millrace.source.partition";

  /** Offset the document was read at. */
  public static final String SOURCE_OFFSET = "millrace.source.offset";

  /**
   * Timestamp of the document's record in milliseconds since 1970, where the outcome's record has
   * another: the time it was written, or because its topic does not take that one.
   */
  public static final String SOURCE_TIMESTAMP = "millrace.source.timestamp";

  /** {@code topic-partition-offset} of the document: the same whenever it is enriched again. */
  public static final String MESSAGE_ID = "millrace.message.id";

  /** Which attempt gave the outcome, from 1. */
  public static final String ATTEMPT = "millrace.attempt";

  /** Dead letters: a {@link dev.millrace.enrichment.RejectReason}. */
  public static final String REASON = "millrace.reason";

  /** Dead letters: found against expected. */
  public static final String MESSAGE = "millrace.message";

  /** Re-driven documents: how often. */
  public static final String REDRIVES = "millrace.redrives";

  private RecordHeaderNames() {}
}
