package dev.millrace.enrichment;

/** The door between records and the model: documents in, outcomes out. Thread-safe. */
public interface Enricher extends AutoCloseable {

  /**
   * Enriches a document. Never blocks.
   *
   * @param owner for {@link #cancelAll}; compared by identity
   * @param document what to enrich
   * @param attempt 1 for the first, for provenance
   * @param deadlineNanos {@link System#nanoTime()} value, or {@link Long#MAX_VALUE}
   * @param listener hears exactly one of its methods exactly once, on any thread
   */
  void submit(
      Object owner, Document document, int attempt, long deadlineNanos, OutcomeListener listener);

  /**
   * Cancels what {@code owner} has submitted; its listeners may still be called, with a deferral.
   */
  void cancelAll(Object owner);

  /** Closes what it owns. Does not close a borrowed engine. */
  @Override
  void close();

  /** Hears what became of a document. Must return quickly and never throw. */
  interface OutcomeListener {

    /** The document has an outcome. */
    void onOutcome(Outcome outcome);

    /**
     * The document has none, through no fault of its own (engine full, closed, failed, cancelled or
     * past its deadline): keep it and try again.
     */
    void onDeferred(Deferral deferral);
  }
}
