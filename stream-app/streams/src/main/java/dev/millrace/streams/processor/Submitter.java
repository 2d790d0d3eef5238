package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Enricher.OutcomeListener;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.Decoded;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.OutcomeRecords;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Decodes documents and hands them to the enricher, away from the stream threads and from those of
 * the enricher: decoding may wait for the registry, and who waits must hold up nobody. Shared by
 * all stream tasks; thread-safe because it has no state.
 */
public final class Submitter {
  private final DocumentDecoder decoder;
  private final EnricherChoice enrichers;
  private final Executor executor;

  /**
   * @param executor runs the decoding, a thread for each document: the {@link Permits} bound them
   */
  public Submitter(DocumentDecoder decoder, EnricherChoice enrichers, Executor executor) {
    this.decoder = decoder;
    this.enrichers = enrichers;
    this.executor = executor;
  }

  /** Sees to it that exactly one answer for the document reaches the mailbox. Never blocks. */
  void submit(Mailbox mailbox, PendingId id, Envelope envelope, long deadlineNanos) {
    try {
      executor.execute(() -> decodeAndEnrich(mailbox, id, envelope, deadlineNanos));
    } catch (RejectedExecutionException e) {
      mailbox.post(
          id,
          new Answer.Retry(new Deferral(Deferral.Cause.CANCELLED, "the application is stopping")));
    }
  }

  /** Cancels what was submitted for a mailbox. */
  void cancelAll(Mailbox mailbox) {
    enrichers.cancelAll(mailbox);
  }

  private void decodeAndEnrich(
      Mailbox mailbox, PendingId id, Envelope envelope, long deadlineNanos) {
    if (mailbox.closed()) {
      return;
    }
    try {
      switch (decode(envelope)) {
        case Decoded.Success(Document document) -> {
          switch (enrichers.choose(envelope.record(), document)) {
            case EnricherChoice.Chosen.By(Enricher enricher) ->
                enricher.submit(
                    mailbox,
                    document,
                    envelope.attempts() + 1,
                    deadlineNanos,
                    new PostingListener(mailbox, id));
            case EnricherChoice.Chosen.None(Outcome.Rejected rejected) ->
                mailbox.post(id, new Answer.Final(rejected));
          }
        }
        case Decoded.Invalid(RejectReason reason, String message) ->
            mailbox.post(id, new Answer.Final(new Outcome.Rejected(reason, message)));
        case Decoded.Deferred(Deferral deferral) -> mailbox.post(id, new Answer.Retry(deferral));
      }
    } catch (RuntimeException | StackOverflowError fault) {
      // One document must not stop the stream: it would come back after each restart.
      mailbox.post(
          id,
          new Answer.Final(
              OutcomeRecords.fault(
                  "the document cannot be enriched", envelope.record().name(), fault)));
    } catch (Error fault) {
      mailbox.post(id, new Answer.Broken(fault));
    }
  }

  /** A decoder that stumbles over the bytes has shown that they do not decode. */
  private Decoded decode(Envelope envelope) {
    try {
      return decoder.decode(envelope.record());
    } catch (RuntimeException | StackOverflowError e) {
      return new Decoded.Invalid(
          RejectReason.UNDECODABLE, "decoding failed with " + e.getClass().getSimpleName());
    }
  }

  private record PostingListener(Mailbox mailbox, PendingId id) implements OutcomeListener {
    @Override
    public void onOutcome(Outcome outcome) {
      mailbox.post(id, new Answer.Final(outcome));
    }

    @Override
    public void onDeferred(Deferral deferral) {
      mailbox.post(id, new Answer.Retry(deferral));
    }
  }
}
