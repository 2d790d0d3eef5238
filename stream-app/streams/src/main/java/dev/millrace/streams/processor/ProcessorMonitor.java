package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.SourcePosition;
import org.apache.kafka.common.Uuid;

/**
 * What the processors of all stream tasks report. Called on any thread; must return quickly and
 * never throw.
 */
public interface ProcessorMonitor {

  /** Reports nothing. */
  ProcessorMonitor NONE = new ProcessorMonitor() {};

  /**
   * Counts of a stream task, at most once a second.
   *
   * @param task name of the stream task
   * @param load its counts
   */
  default void load(String task, Load load) {}

  /** A stream task left this process. */
  default void taskClosed(String task) {}

  /**
   * Documents that an earlier run had left pending.
   *
   * @param ofOtherPlans how many of them were consumed under other plans or models
   */
  default void resubmitted(long documents, long ofOtherPlans) {}

  /**
   * Documents are submitted as a group, because processes ended while they were in flight.
   *
   * @param documents how many
   * @param waiting those that wait for their turn
   */
  default void suspected(int documents, int waiting) {}

  /**
   * A document is submitted alone, because processes ended while it was in flight.
   *
   * @param restarts how many
   */
  default void suspected(PendingId id, int restarts) {}

  /**
   * A document is skipped, because it was taken before.
   *
   * @param next offset behind those of its partition that were taken
   */
  default void takenBefore(SourcePosition at, long next) {}

  /**
   * A topic is another one than when its documents were taken, or outcomes put into it.
   *
   * @param topic its name
   * @param before its id then
   */
  default void topicReplaced(String topic, Uuid before) {}

  /** An answer came for a task that has moved on, or came twice. */
  default void staleCompletion() {}

  /** A document was enriched, or quarantined. */
  default void enriched(Enrichment enrichment, boolean quarantined, long ageMillis) {}

  /** A document was rejected. */
  default void rejected(RejectReason reason, long ageMillis) {}

  /** A record said that its document is deleted, which was told or passed over. */
  default void deleted(boolean forwarded, long ageMillis) {}

  /** A document must be submitted again; the message never holds its text. */
  default void retry(Deferral.Cause cause, String message) {}

  /**
   * Counts of a stream task.
   *
   * @param pending documents without an outcome
   * @param parked those that lie in the store only
   * @param inFlight those that were handed to the enricher
   * @param held those whose outcome waits for an earlier document
   * @param awaitingRegistry those whose schema could not be looked up, for the registry is away
   * @param oldestFirstSeenMillis wall clock when the oldest was consumed; 0 if none is pending
   */
  record Load(
      long pending,
      long parked,
      int inFlight,
      int held,
      int awaitingRegistry,
      long oldestFirstSeenMillis) {}
}
