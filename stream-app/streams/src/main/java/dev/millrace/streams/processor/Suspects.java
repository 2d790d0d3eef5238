package dev.millrace.streams.processor;

import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.streams.processor.Restarts.Trial;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an earlier run has left pending in a stream task, and which of it waits because it may have
 * ended that run. Of those that were in flight at most ends, a half is tried at a time, beside what
 * is not suspected; of the last two, each alone. So the guilty one of n is found within about
 * log2(n) ends. If no other end follows, all are done after as many groups; where there was no
 * crash, after two, for then it is likelier that no document is to blame. Owned by the stream
 * thread.
 *
 * <p>What is written here must be committed before the document is submitted, or a crash takes the
 * count with it: each step ends with the request to commit, and the next one comes a look later. A
 * commit that a rebalance delays costs one more crash, no more.
 */
final class Suspects {

  /** A document that is not submitted again: it ended a process, or cannot be counted. */
  record Condemned(PendingId id, Envelope envelope, Outcome.Rejected rejected) {}

  private final PendingStore store;
  private final InFlight inFlight;
  private final EnrichmentServices services;
  private final int restartsMax;
  private final int groupMax;
  private final NavigableMap<PendingId, Restarts> waiting = new TreeMap<>();
  private final Deque<PendingId> due = new ArrayDeque<>();
  private final Set<PendingId> tried = new TreeSet<>();

  /** By the count of ends, how many had it when the first of them were tried in this run. */
  private final Map<Integer, Integer> sizes = new TreeMap<>();

  private boolean uncounted;
  private boolean alone;
  private boolean pardoned;

  Suspects(
      PendingStore store,
      InFlight inFlight,
      EnrichmentServices services,
      ProcessorOptions options) {
    this.store = store;
    this.inFlight = inFlight;
    this.services = services;
    this.restartsMax = options.restartsMax();
    this.groupMax = options.inFlightTaskMax();
    this.uncounted = store.size() > 0;
  }

  /** Whether {@link #count} is still to be called; until then nothing may be submitted. */
  boolean uncounted() {
    return uncounted;
  }

  /**
   * Writes down that this start found them. Looks at what may have been in flight, and no further:
   * documents are taken in the order of arrival.
   *
   * @return those that shall not be submitted again
   */
  List<Condemned> count() {
    uncounted = false;
    List<Condemned> condemned = new ArrayList<>();
    for (PendingId id : store.first(groupMax, Suspects::mayHaveBeenInFlight)) {
      byte[] bytes = store.get(id);
      if (bytes == null) {
        continue;
      }
      Envelope before = EnvelopeCodec.decode(id, bytes);
      if (before.rejected() != null) {
        continue;
      }
      Restarts restarts = before.restarts().found(services.ends());
      if (restarts.isProof(before.restarts(), restartsMax)) {
        condemned.add(new Condemned(id, before, ended(restarts)));
        continue;
      }
      if (!restarts.suspect()) {
        restarts = restarts.inFlight(Trial.NONE, services.ends().process());
      }
      if (!restarts.equals(before.restarts())) {
        byte[] after = EnvelopeCodec.encode(before.with(restarts));
        if (!store.replace(id, after)) {
          condemned.add(new Condemned(id, before, tooLarge(store.size(id, after))));
        }
      }
    }
    return condemned;
  }

  private Outcome.Rejected ended(Restarts restarts) {
    return new Outcome.Rejected(
        RejectReason.PROCESS_ENDED,
        String.format(
            Locale.ROOT,
            "%d processes crashed and %d ended without a trace while the document was in flight,"
                + " the last with nothing else; processing.restarts.max is %d",
            restarts.crashes(),
            restarts.unexplained(),
            restartsMax));
  }

  /** What cannot be counted could end one process after the other. */
  private static Outcome.Rejected tooLarge(long bytes) {
    return new Outcome.Rejected(
        RejectReason.TOO_LARGE,
        String.format(
            Locale.ROOT,
            "the pending record has %d bytes, more than its topic takes now; raise its"
                + " max.message.bytes and topics.record.bytes.max, which were larger before",
            bytes));
  }

  private static boolean mayHaveBeenInFlight(Envelope envelope) {
    return envelope.rejected() == null && envelope.restarts().mayHaveBeenInFlight();
  }

  /**
   * A suspect is come across, in the order of arrival: it waits from now on.
   *
   * @return false if that is known
   */
  boolean meet(PendingId id, Restarts restarts) {
    return !tried.contains(id) && waiting.put(id, restarts) == null;
  }

  /** Documents that were come across and are not in memory. */
  int heldBack() {
    return waiting.size() + due.size();
  }

  /** Whether something is to be done at the next look. */
  boolean busy() {
    return uncounted || !due.isEmpty() || (tried.isEmpty() && !waiting.isEmpty());
  }

  /**
   * Marks those that are tried next, if nothing is on trial.
   *
   * @return whether there were any: a commit is due
   */
  boolean mark() {
    if (!tried.isEmpty() || waiting.isEmpty() || !services.gate().open()) {
      return false;
    }
    int most = waiting.values().stream().mapToInt(Restarts::count).max().orElse(0);
    List<PendingId> likeliest = new ArrayList<>();
    boolean crashed = false;
    for (Map.Entry<PendingId, Restarts> entry : waiting.entrySet()) {
      if (entry.getValue().count() == most) {
        likeliest.add(entry.getKey());
        crashed |= entry.getValue().crashes() > 0;
      }
    }
    boolean rest = sizes.containsKey(most) && !crashed;
    int size = sizes.getOrDefault(most, likeliest.size());
    List<PendingId> group =
        likeliest.subList(
            0, Math.min(groupMax, rest ? likeliest.size() : (likeliest.size() + 1) / 2));
    boolean solitude = group.size() == 1 && size <= 2 && required(group.getFirst()).needsSolitude();
    if (!solitude) {
      // It may have been claimed for another, before more were come across.
      inFlight.releaseAlone();
    } else if (!inFlight.claimAlone()) {
      return false;
    }
    sizes.put(most, size);
    alone = solitude;
    for (PendingId id : group) {
      Restarts restarts =
          required(id).inFlight(alone ? Trial.ALONE : Trial.GROUP, services.ends().process());
      rewrite(id, restarts);
      waiting.remove(id);
      tried.add(id);
      due.add(id);
    }
    if (alone) {
      services.monitor().suspected(group.getFirst(), most);
    } else {
      services.monitor().suspected(group.size(), waiting.size());
    }
    return true;
  }

  private Restarts required(PendingId id) {
    Restarts restarts = waiting.get(id);
    if (restarts == null) {
      throw new IllegalStateException("document %s does not wait to be tried".formatted(id));
    }
    return restarts;
  }

  /** Submits the marked documents, as far as there are permits. */
  void submitDue() {
    while (!due.isEmpty() && services.gate().open()) {
      PendingId id = due.getFirst();
      Envelope envelope = load(id);
      if (alone) {
        inFlight.takeAlone(id, envelope);
      } else if (!inFlight.takeSuspect(id, envelope)) {
        return;
      }
      due.removeFirst();
    }
  }

  /** A document has its outcome. */
  void settled(PendingId id) {
    if (tried.remove(id) && tried.isEmpty() && alone) {
      alone = false;
      inFlight.releaseAlone();
    }
  }

  /**
   * Takes every mark away before the process ends in good order: that end says nothing, however
   * short the time that it is left.
   *
   * @return whether there were any: a commit is due
   */
  boolean pardon() {
    if (pardoned) {
      return false;
    }
    pardoned = true;
    List<PendingId> marked = new ArrayList<>(inFlight.ids());
    marked.addAll(due);
    for (PendingId id : marked) {
      Restarts restarts = load(id).restarts();
      Restarts after = restarts.pardoned(services.ends().process());
      if (!after.equals(restarts)) {
        rewrite(id, after);
      }
    }
    return !marked.isEmpty();
  }

  private void rewrite(PendingId id, Restarts restarts) {
    // One that the changelog takes no longer goes on without the mark; the next start rejects it.
    boolean _ = store.replace(id, EnvelopeCodec.encode(load(id).with(restarts)));
  }

  private Envelope load(PendingId id) {
    byte[] bytes = store.get(id);
    if (bytes == null) {
      throw new IllegalStateException("document %s is suspected but not pending".formatted(id));
    }
    return EnvelopeCodec.decode(id, bytes);
  }
}
