package dev.millrace.records;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Decodes documents and hands them to the enricher that their plan has, away from the caller's
 * thread and from those of the enricher: decoding may wait for the registry, and who waits must
 * hold up nobody. Thread-safe because it has no state.
 */
public final class DocumentSubmitter {
  private final DocumentDecoder decoder;
  private final Tombstones tombstones;
  private final EnricherChoice enrichers;
  private final Executor executor;

  /**
   * @param tombstones what becomes of records that say that their document is deleted
   * @param executor runs the decoding, a thread for each document: callers bound how many there are
   */
  public DocumentSubmitter(
      DocumentDecoder decoder, Tombstones tombstones, EnricherChoice enrichers, Executor executor) {
    this.decoder = decoder;
    this.tombstones = tombstones;
    this.enrichers = enrichers;
    this.executor = executor;
  }

  /** What becomes of records that say that their document is deleted. */
  public Tombstones tombstones() {
    return tombstones;
  }

  /** Hears what became of a document: exactly one of its answers, on any thread. */
  public interface Listener extends Enricher.OutcomeListener {
    /** Whether nobody waits for the answer any more. */
    boolean closed();

    /** A fault of this program, or of the machine, that must not be put down to the document. */
    void onFault(Error fault);
  }

  /**
   * Sees to it that exactly one answer reaches the listener. Never blocks.
   *
   * @param owner by which it can be cancelled
   * @param attempt 1 for the first
   * @param deadlineNanos {@link System#nanoTime()} value, or {@link Long#MAX_VALUE}
   */
  public void submit(
      Object owner, SourceRecord record, int attempt, long deadlineNanos, Listener listener) {
    try {
      executor.execute(() -> decodeAndEnrich(owner, record, attempt, deadlineNanos, listener));
    } catch (RejectedExecutionException e) {
      listener.onDeferred(new Deferral(Deferral.Cause.CANCELLED, "the application is stopping"));
    }
  }

  /** Cancels what was submitted for an owner. */
  public void cancelAll(Object owner) {
    enrichers.cancelAll(owner);
  }

  private void decodeAndEnrich(
      Object owner, SourceRecord record, int attempt, long deadlineNanos, Listener listener) {
    if (listener.closed()) {
      return;
    }
    try {
      switch (decode(record)) {
        case Decoded.Success(Document document) -> {
          switch (enrichers.choose(record, document)) {
            case EnricherChoice.Chosen.By(Enricher enricher) ->
                enricher.submit(owner, document, attempt, deadlineNanos, listener);
            case EnricherChoice.Chosen.None(Outcome.Rejected rejected) ->
                listener.onOutcome(rejected);
          }
        }
        case Decoded.Deletion _ -> listener.onOutcome(deletion(record));
        case Decoded.Invalid(RejectReason reason, String message) ->
            listener.onOutcome(new Outcome.Rejected(reason, message));
        case Decoded.Deferred(Deferral deferral) -> listener.onDeferred(deferral);
      }
    } catch (RuntimeException | StackOverflowError fault) {
      // One document must not stop the stream: it would come back after each restart.
      listener.onOutcome(
          OutcomeRecords.fault("the document cannot be enriched", record.name(), fault));
    } catch (Error fault) {
      listener.onFault(fault);
    }
  }

  /** Without a key, a record that deletes could not say what. */
  private Outcome deletion(SourceRecord record) {
    return switch (tombstones) {
      case REJECT ->
          new Outcome.Rejected(
              RejectReason.NULL_VALUE, "the record says that its document is deleted");
      case SKIP -> new Outcome.Deleted(false);
      case FORWARD ->
          record.key() == null
              ? new Outcome.Rejected(
                  RejectReason.NULL_VALUE,
                  "the record says that its document is deleted, and has no key to forward")
              : new Outcome.Deleted(true);
    };
  }

  /** A decoder that stumbles over the bytes has shown that they do not decode. */
  private Decoded decode(SourceRecord record) {
    if (record.value() == null) {
      return new Decoded.Deletion();
    }
    try {
      return decoder.decode(record);
    } catch (RuntimeException | StackOverflowError e) {
      return new Decoded.Invalid(
          RejectReason.UNDECODABLE, "decoding failed with " + e.getClass().getSimpleName());
    }
  }
}
