package dev.millrace.enrichment;

/**
 * Something that claims to be a document and is none, now or later. The message says found against
 * expected and never quotes the document.
 */
public final class DocumentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final RejectReason reason;

  /** A fault of the kind {@code reason}. */
  public DocumentException(RejectReason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** The kind of fault. */
  public RejectReason reason() {
    return reason;
  }

  /** What a rejected document says: reason and message. */
  public Outcome.Rejected rejected() {
    return new Outcome.Rejected(reason, String.valueOf(getMessage()));
  }
}
