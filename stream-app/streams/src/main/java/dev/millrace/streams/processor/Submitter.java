package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Outcome;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.DocumentSubmitter;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.Tombstones;
import java.util.concurrent.Executor;

/** Submits documents whose answers go to a mailbox. Shared by all stream tasks; thread-safe. */
public final class Submitter {
  private final DocumentSubmitter documents;

  /**
   * Of documents of which none is ever deleted.
   *
   * @param executor runs the decoding, a thread for each document: the {@link Permits} bound them
   */
  public Submitter(DocumentDecoder decoder, EnricherChoice enrichers, Executor executor) {
    this(decoder, Tombstones.REJECT, enrichers, executor);
  }

  /**
   * @param tombstones what becomes of records that say that their document is deleted
   * @param executor runs the decoding, a thread for each document: the {@link Permits} bound them
   */
  public Submitter(
      DocumentDecoder decoder, Tombstones tombstones, EnricherChoice enrichers, Executor executor) {
    this.documents = new DocumentSubmitter(decoder, tombstones, enrichers, executor);
  }

  /** What becomes of records that say that their document is deleted. */
  Tombstones tombstones() {
    return documents.tombstones();
  }

  /** Sees to it that exactly one answer for the document reaches the mailbox. Never blocks. */
  void submit(Mailbox mailbox, PendingId id, Envelope envelope, long deadlineNanos) {
    documents.submit(
        mailbox,
        envelope.record(),
        envelope.attempts() + 1,
        deadlineNanos,
        new PostingListener(mailbox, id));
  }

  /** Cancels what was submitted for a mailbox. */
  void cancelAll(Mailbox mailbox) {
    documents.cancelAll(mailbox);
  }

  private record PostingListener(Mailbox mailbox, PendingId id)
      implements DocumentSubmitter.Listener {
    @Override
    public boolean closed() {
      return mailbox.closed();
    }

    @Override
    public void onOutcome(Outcome outcome) {
      mailbox.post(id, new Answer.Final(outcome));
    }

    @Override
    public void onDeferred(Deferral deferral) {
      mailbox.post(id, new Answer.Retry(deferral));
    }

    @Override
    public void onFault(Error fault) {
      mailbox.post(id, new Answer.Broken(fault));
    }
  }
}
