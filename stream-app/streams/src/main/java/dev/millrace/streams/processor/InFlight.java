package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.records.Origin;
import dev.millrace.records.SourceRecord;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pending documents of a stream task that are in memory: submitted, waiting to be submitted
 * again, or held back by order. Their number is limited; the rest is parked. Owned by the stream
 * thread.
 */
final class InFlight {

  /** One document. */
  static final class Entry {
    private final PendingId id;
    private final Envelope head;
    private final int size;
    private int attempt;
    private int retries;
    private boolean submitted;
    private boolean awaitsRegistry;
    private boolean alone;
    private long notBeforeNanos;

    private Entry(PendingId id, Envelope envelope) {
      this.id = id;
      SourceRecord record = envelope.record();
      byte[] value = record.value();
      this.size = value == null ? 0 : value.length;
      this.attempt = envelope.attempts() + 1;
      // All but the value: the enricher has it, and the store.
      this.head =
          new Envelope(
              new SourceRecord(
                  record.position(), record.timestamp(), record.key(), record.headers(), null),
              envelope.firstSeenMillis(),
              envelope.attempts(),
              envelope.plan(),
              envelope.restarts(),
              envelope.rejected());
    }

    /** Whether its outcome is the dead letter in the store. */
    boolean isDeadLetter() {
      return head.rejected() != null;
    }

    long firstSeenMillis() {
      return head.firstSeenMillis();
    }

    /** Whether it was consumed under other plans or models than those of a fingerprint. */
    boolean planDiffers(long present) {
      return head.planDiffers(present);
    }

    /** The attempt under way has failed, and another one follows. */
    void nextAttempt() {
      attempt++;
    }

    /**
     * What the outcome is about.
     *
     * @param value reads the record's value
     */
    Origin origin(Supplier<byte @Nullable []> value) {
      SourceRecord record = head.record();
      return new Origin(
          record.position(), record.timestamp(), record.key(), record.headers(), value, attempt);
    }
  }

  private final ProcessorOptions options;
  private final EnrichmentServices services;
  private final Mailbox mailbox;
  private final Map<PendingId, Entry> entries = new HashMap<>();
  private final PriorityQueue<Entry> waiting =
      new PriorityQueue<>(
          Comparator.comparingLong((Entry entry) -> entry.notBeforeNanos)
              .thenComparing(entry -> entry.id));
  private @Nullable Entry lonerWaiting;
  private int submitted;
  private int awaitingRegistry;

  InFlight(ProcessorOptions options, EnrichmentServices services, Mailbox mailbox) {
    this.options = options;
    this.services = services;
    this.mailbox = mailbox;
  }

  int size() {
    return entries.size();
  }

  /** Documents in the enricher's hands. */
  int submitted() {
    return submitted;
  }

  /** Documents whose schema could not be looked up, for the registry is away. */
  int awaitingRegistry() {
    return awaitingRegistry;
  }

  boolean contains(PendingId id) {
    return entries.containsKey(id);
  }

  /** Whether the next document may be taken, apart from the global permits. */
  boolean hasRoom() {
    return entries.size() < options.inFlightTaskMax() && services.gate().open();
  }

  /** The documents in memory, in the order of their arrival. */
  List<PendingId> ids() {
    return entries.keySet().stream().sorted().toList();
  }

  /** Takes and submits a document, if there is room and a permit. */
  boolean take(PendingId id, Envelope envelope) {
    return hasRoom() && takeSuspect(id, envelope);
  }

  /**
   * Takes and submits a document, if there is a permit. That there is room does not matter: by
   * order, all that is in memory may wait for this one.
   */
  boolean takeSuspect(PendingId id, Envelope envelope) {
    Entry entry = new Entry(id, envelope);
    if (!services.gate().open() || !services.permits().tryAcquire(entry.size)) {
      return false;
    }
    entries.put(id, entry);
    submit(entry, envelope);
    return true;
  }

  /** Takes a dead letter that lies in the store: there is nothing to submit. */
  boolean takeDeadLetter(PendingId id, Envelope envelope) {
    if (!hasRoom()) {
      return false;
    }
    entries.put(id, new Entry(id, envelope));
    return true;
  }

  /** Asks for the engine alone; until it is granted, nothing else is submitted by any task. */
  boolean claimAlone() {
    return services.gate().open() && services.permits().tryAcquireAlone(this);
  }

  /** Takes and submits a document for which {@link #claimAlone} was granted. */
  void takeAlone(PendingId id, Envelope envelope) {
    Entry entry = new Entry(id, envelope);
    entry.alone = true;
    entries.put(id, entry);
    submit(entry, envelope);
  }

  /** The document that had the engine alone has its outcome. */
  void releaseAlone() {
    services.permits().releaseAlone(this);
  }

  /**
   * An answer came: gives the document and frees its permit; null if nobody waits for it. One that
   * has the engine alone keeps it until it has its outcome.
   */
  @Nullable Entry answered(PendingId id) {
    Entry entry = entries.get(id);
    if (entry == null || !entry.submitted) {
      return null;
    }
    entry.submitted = false;
    submitted--;
    if (!entry.alone) {
      services.permits().release(entry.size);
    }
    awaitsRegistry(entry, false);
    return entry;
  }

  /** Keeps a document to submit it again after its back-off. */
  void retryLater(Entry entry, Deferral.Cause cause) {
    awaitsRegistry(entry, cause == Deferral.Cause.REGISTRY_UNAVAILABLE);
    entry.notBeforeNanos =
        services.nanoClock().getAsLong() + options.backoff().nanos(entry.retries);
    entry.retries++;
    if (entry.alone) {
      lonerWaiting = entry;
    } else {
      waiting.add(entry);
    }
  }

  /** Nanoseconds until a document is to be submitted again; the longest time if there is none. */
  long nanosUntilDue() {
    Entry next = lonerWaiting != null ? lonerWaiting : waiting.peek();
    return next == null
        ? Long.MAX_VALUE
        : Math.max(0, next.notBeforeNanos - services.nanoClock().getAsLong());
  }

  /** Submits again what has waited long enough. */
  void resubmitDue(Function<PendingId, @Nullable Envelope> load) {
    long now = services.nanoClock().getAsLong();
    Entry loner = lonerWaiting;
    if (loner != null && loner.notBeforeNanos - now <= 0 && services.gate().open()) {
      lonerWaiting = null;
      submit(loner, required(load, loner.id));
    }
    for (Entry head = waiting.peek(); head != null; head = waiting.peek()) {
      if (head.notBeforeNanos - now > 0
          || !services.gate().open()
          || !services.permits().tryAcquire(head.size)) {
        return;
      }
      waiting.remove();
      // Counted first: should the document be missing, close() gives its permit back.
      head.submitted = true;
      submitted++;
      handOver(head, required(load, head.id));
    }
  }

  private static Envelope required(Function<PendingId, @Nullable Envelope> load, PendingId id) {
    Envelope envelope = load.apply(id);
    if (envelope == null) {
      throw new IllegalStateException(
          "document %s waits for another attempt but is not pending".formatted(id));
    }
    return envelope;
  }

  /** A document is out: forgets it. */
  @Nullable Entry finished(PendingId id) {
    return entries.remove(id);
  }

  /** Wall clock when the oldest was consumed; 0 if there is none. */
  long oldestFirstSeenMillis() {
    return entries.values().stream().mapToLong(Entry::firstSeenMillis).min().orElse(0);
  }

  /** Gives the permits back. Answers that are still to come find a closed mailbox. */
  void close() {
    for (Entry entry : entries.values()) {
      if (entry.submitted && !entry.alone) {
        services.permits().release(entry.size);
      }
    }
    entries.clear();
    waiting.clear();
    lonerWaiting = null;
    services.permits().releaseAlone(this);
    submitted = 0;
    awaitingRegistry = 0;
  }

  private void awaitsRegistry(Entry entry, boolean awaits) {
    if (entry.awaitsRegistry != awaits) {
      entry.awaitsRegistry = awaits;
      awaitingRegistry += awaits ? 1 : -1;
    }
  }

  private void submit(Entry entry, Envelope envelope) {
    entry.submitted = true;
    submitted++;
    handOver(entry, envelope);
  }

  private void handOver(Entry entry, Envelope envelope) {
    long deadlineNanos = services.nanoClock().getAsLong() + options.deadline().toNanos();
    services.submitter().submit(mailbox, entry.id, envelope, deadlineNanos);
  }
}
