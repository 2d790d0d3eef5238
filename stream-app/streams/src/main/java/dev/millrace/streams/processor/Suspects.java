package dev.millrace.streams.processor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an earlier run has left pending in a stream task, and which of it is submitted alone because
 * it may have ended that run. Owned by the stream thread.
 *
 * <p>What is written here must be committed before the document is submitted, or a crash takes the
 * count with it: each step ends with the request to commit, and the next one comes a look later. A
 * commit that a rebalance delays costs one more crash, no more.
 */
final class Suspects {

  /** A document that ended a process often enough. */
  record Condemned(PendingId id, Envelope envelope) {}

  private final PendingStore store;
  private final InFlight inFlight;
  private final EnrichmentServices services;
  private final int restartsMax;
  private final List<PendingId> found;
  private @Nullable PendingId claimed;
  private @Nullable PendingId marked;
  private boolean submitted;

  /** Looks at what was in flight at most: documents are taken in the order of arrival. */
  Suspects(
      PendingStore store,
      InFlight inFlight,
      EnrichmentServices services,
      ProcessorOptions options) {
    this.store = store;
    this.inFlight = inFlight;
    this.services = services;
    this.restartsMax = options.restartsMax();
    this.found = new ArrayList<>(store.first(options.inFlightTaskMax()));
  }

  /** Whether {@link #count} is still to be called; until then nothing may be submitted. */
  boolean uncounted() {
    return !found.isEmpty();
  }

  /**
   * Writes down that this start found them.
   *
   * @return those that shall not be submitted again
   */
  List<Condemned> count() {
    List<Condemned> condemned = new ArrayList<>();
    for (PendingId id : found) {
      byte[] bytes = store.get(id);
      if (bytes == null) {
        continue;
      }
      Envelope before = EnvelopeCodec.decode(id, bytes);
      Envelope after = before.with(before.restarts().found(services.process()));
      if (after.restarts().count() >= restartsMax) {
        condemned.add(new Condemned(id, after));
      } else if (!after.restarts().equals(before.restarts())) {
        store.replace(id, EnvelopeCodec.encode(after));
      }
    }
    found.clear();
    return condemned;
  }

  /** Asks for the engine alone for a suspect, the first of those that are parked. */
  void claim(PendingId id) {
    if (claimed == null && marked == null && inFlight.claimAlone()) {
      claimed = id;
    }
  }

  /**
   * Marks the document that has the engine alone.
   *
   * @return whether there was one: a commit is due
   */
  boolean mark() {
    PendingId id = claimed;
    if (id == null) {
      return false;
    }
    claimed = null;
    marked = id;
    submitted = false;
    Envelope envelope = setAlone(id, true);
    services.monitor().suspected(id, envelope.restarts().count());
    return true;
  }

  /** Whether a document is marked and not submitted yet. */
  boolean hasDue() {
    return marked != null && !submitted;
  }

  /** The marked document, to be submitted now; null if there is none. */
  @Nullable PendingId takeDue() {
    if (!hasDue() || !services.gate().open()) {
      return null;
    }
    submitted = true;
    return marked;
  }

  /** A document has its outcome. */
  void settled(PendingId id) {
    if (id.equals(marked)) {
      marked = null;
      inFlight.releaseAlone();
    }
  }

  /** Takes the mark away before the process ends in good order: that end says nothing about it. */
  void pardon() {
    PendingId id = marked;
    if (id != null) {
      byte[] bytes = store.get(id);
      if (bytes != null && EnvelopeCodec.decode(id, bytes).restarts().alone()) {
        setAlone(id, false);
      }
    }
  }

  private Envelope setAlone(PendingId id, boolean alone) {
    byte[] bytes = store.get(id);
    if (bytes == null) {
      throw new IllegalStateException(
          "document %s is to be isolated but not pending".formatted(id));
    }
    Envelope before = EnvelopeCodec.decode(id, bytes);
    Envelope after = before.with(before.restarts().alone(alone));
    store.replace(id, EnvelopeCodec.encode(after));
    return after;
  }
}
