package dev.millrace.streams.processor;

import dev.millrace.records.SourcePosition;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Documents that were consumed and have no outcome yet. Owned by the stream thread.
 *
 * <p>Those below the cursor have been taken into memory, those from the cursor on are parked: their
 * bytes lie in the store and nowhere else, so that a long outage costs disk and not heap. Fresh
 * documents are taken strictly in the order of arrival.
 */
final class PendingStore {
  private final KeyValueStore<byte[], byte[]> store;
  private PendingId cursor = PendingId.FIRST;
  private PendingId last = PendingId.FIRST;
  private long size;
  private long ofOtherPlans;

  /**
   * Counts what an earlier run has left.
   *
   * @param plan fingerprint of the present plans and models
   * @throws IllegalStateException if it was read from another topic than {@code topic}: its keys
   *     could not be told from ours
   */
  PendingStore(KeyValueStore<byte[], byte[]> store, String topic, long plan) {
    this.store = store;
    try (KeyValueIterator<byte[], byte[]> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<byte[], byte[]> entry = all.next();
        PendingId id = PendingId.of(entry.key);
        last = id.next();
        size++;
        Envelope envelope = EnvelopeCodec.decode(id, entry.value);
        if (envelope.planDiffers(plan)) {
          ofOtherPlans++;
        }
        SourcePosition position = envelope.record().position();
        String from = position == null ? "" : position.topic();
        if (!from.equals(topic)) {
          throw new IllegalStateException(
              "the pending store holds documents of topic %s, this application reads %s; let the"
                      .formatted(from, topic)
                  + " old configuration finish them, or choose another app.id");
        }
      }
    }
  }

  /** Documents without an outcome, in memory or parked. */
  long size() {
    return size;
  }

  /** How many of those that an earlier run has left were consumed under other plans or models. */
  long ofOtherPlans() {
    return ofOtherPlans;
  }

  /** The first documents, at most {@code max}. */
  List<PendingId> first(int max) {
    List<PendingId> ids = new ArrayList<>();
    try (KeyValueIterator<byte[], byte[]> all = store.all()) {
      while (all.hasNext() && ids.size() < max) {
        ids.add(PendingId.of(all.next().key));
      }
    }
    return ids;
  }

  /** Above all documents that were ever added. */
  PendingId end() {
    return last;
  }

  /** Adds a document; false if it is there already, as after offsets were set back. */
  boolean add(PendingId id, byte[] envelope) {
    if (id.compareTo(last) < 0) {
      if (store.get(id.bytes()) != null) {
        return false;
      }
    } else {
      last = id.next();
    }
    store.put(id.bytes(), envelope);
    if (id.compareTo(cursor) < 0) {
      cursor = id;
    }
    size++;
    return true;
  }

  /** Moves the cursor behind a document that was taken into memory on arrival. */
  void taken(PendingId id) {
    if (id.compareTo(cursor) >= 0) {
      cursor = id.next();
    }
  }

  /** Replaces the envelope of a document that is there. */
  void replace(PendingId id, byte[] envelope) {
    store.put(id.bytes(), envelope);
  }

  /** The document's envelope, or null if it has an outcome already. */
  byte @Nullable [] get(PendingId id) {
    return store.get(id.bytes());
  }

  /**
   * Removes a document that is there and has an outcome now. Not with {@code delete}, which reads
   * the whole document to give it back.
   */
  void remove(PendingId id) {
    store.put(id.bytes(), null);
    size--;
  }

  /**
   * Offers parked documents in the order of arrival until {@code taker} refuses one, and moves the
   * cursor behind those it took.
   */
  void takeParked(BiPredicate<PendingId, byte[]> taker) {
    try (KeyValueIterator<byte[], byte[]> parked =
        store.range(cursor.bytes(), PendingId.LAST.bytes())) {
      while (parked.hasNext()) {
        KeyValue<byte[], byte[]> entry = parked.next();
        PendingId id = PendingId.of(entry.key);
        if (!taker.test(id, entry.value)) {
          cursor = id;
          return;
        }
        cursor = id.next();
      }
    }
  }

  /** The envelope of the first parked document, or null if none is parked. */
  @Nullable Envelope firstParked() {
    try (KeyValueIterator<byte[], byte[]> parked =
        store.range(cursor.bytes(), PendingId.LAST.bytes())) {
      if (!parked.hasNext()) {
        return null;
      }
      KeyValue<byte[], byte[]> first = parked.next();
      return EnvelopeCodec.decode(PendingId.of(first.key), first.value);
    }
  }
}
