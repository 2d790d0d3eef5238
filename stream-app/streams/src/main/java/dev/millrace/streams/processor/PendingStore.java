package dev.millrace.streams.processor;

import dev.millrace.operations.config.TopicSelection;
import dev.millrace.records.OutcomeRecords;
import dev.millrace.records.SourcePosition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Documents that were consumed and have no outcome yet. Owned by the stream thread.
 *
 * <p>Each topic has a lane. Those below its cursor have been taken into memory, those from the
 * cursor on are parked: their bytes lie in the store and nowhere else, so that a long outage costs
 * disk and not heap. Fresh documents of a lane are taken strictly in the order of arrival, and
 * lanes take turns, so that a long one holds up no other.
 */
final class PendingStore {
  /** Parked documents that a lane may offer before it is another's turn. */
  private static final int TURN = 16;

  /** What is known of a topic; a stream task reads one partition of each. */
  private static final class Lane {
    final String topic;
    final int partition;

    /** Offset below which documents have been taken. */
    long cursor;

    /** Above all that were ever added. */
    long end;

    Lane(String topic, int partition) {
      this.topic = topic;
      this.partition = partition;
    }

    PendingId at(long offset) {
      return new PendingId(topic, partition, offset);
    }
  }

  private final KeyValueStore<byte[], byte[]> store;
  private static final Headers NO_HEADERS = new RecordHeaders();

  private final IntSupplier bytesMax;
  private final PendingKeys keys;
  private final Map<String, Lane> lanes = new TreeMap<>();
  private long size;
  private long ofOtherPlans;

  /** The lane whose turn it is. */
  private int turn;

  /**
   * Counts what an earlier run has left.
   *
   * @param input what is read
   * @param plan fingerprint of the present plans and models
   * @param found takes where each was read
   * @param bytesMax the largest record that the changelog takes, at present
   * @throws IllegalStateException if it holds a document of a topic that is not read: nobody would
   *     finish it
   */
  PendingStore(
      KeyValueStore<byte[], byte[]> store,
      TopicSelection input,
      long plan,
      Consumer<SourcePosition> found,
      IntSupplier bytesMax) {
    this.store = store;
    this.bytesMax = bytesMax;
    this.keys = new PendingKeys(input);
    try (KeyValueIterator<byte[], byte[]> all = documents()) {
      while (all.hasNext()) {
        KeyValue<byte[], byte[]> entry = all.next();
        PendingId id = keys.of(entry.key);
        lane(id).end = id.offset() + 1;
        size++;
        Envelope envelope = EnvelopeCodec.decode(id, entry.value);
        if (envelope.planDiffers(plan)) {
          ofOtherPlans++;
        }
        SourcePosition position = envelope.record().position();
        String from = position == null ? "" : position.topic();
        if (!input.contains(from)) {
          throw new IllegalStateException(
              "the pending store holds documents of topic %s, this application reads %s; let the"
                      .formatted(from, input)
                  + " old configuration finish them, or choose another app.id");
        }
        found.accept(id.position());
      }
    }
  }

  private Lane lane(PendingId id) {
    return lanes.computeIfAbsent(id.topic(), topic -> new Lane(topic, id.partition()));
  }

  /** All that is pending; the store has other records, too, see {@link TakenMark}. */
  private KeyValueIterator<byte[], byte[]> documents() {
    return store.range(PendingKeys.FIRST, PendingKeys.LAST);
  }

  /** Documents without an outcome, in memory or parked. */
  long size() {
    return size;
  }

  /** How many of those that an earlier run has left were consumed under other plans or models. */
  long ofOtherPlans() {
    return ofOtherPlans;
  }

  /**
   * The first documents of each topic in the order of arrival, until there were {@code max} of a
   * kind.
   *
   * @param counts whether a document is of the kind
   */
  List<PendingId> first(int max, Predicate<Envelope> counts) {
    List<PendingId> ids = new ArrayList<>();
    for (Lane lane : lanes.values()) {
      int counted = 0;
      try (KeyValueIterator<byte[], byte[]> all = from(lane, 0)) {
        while (all.hasNext() && counted < max) {
          KeyValue<byte[], byte[]> entry = all.next();
          PendingId id = keys.of(entry.key);
          ids.add(id);
          if (counts.test(EnvelopeCodec.decode(id, entry.value))) {
            counted++;
          }
        }
      }
    }
    return ids;
  }

  /** By topic, the offset above all documents that were ever added. */
  Map<String, Long> ends() {
    Map<String, Long> ends = new LinkedHashMap<>();
    lanes.forEach((topic, lane) -> ends.put(topic, lane.end));
    return ends;
  }

  /** Whether a document of the same topic is pending, or was, that came behind one. */
  boolean hasBehind(PendingId id) {
    return size > 0 && lane(id).end > id.offset();
  }

  /** How many bytes the key of a topic's documents has. */
  int keyBytes(String topic) {
    return keys.size(topic);
  }

  /** Adds a document; false if it is there already, as after offsets were set back. */
  boolean add(PendingId id, byte[] envelope) {
    Lane lane = lane(id);
    byte[] key = keys.bytes(id);
    if (id.offset() < lane.end) {
      if (store.get(key) != null) {
        return false;
      }
    } else {
      lane.end = id.offset() + 1;
    }
    store.put(key, envelope);
    lane.cursor = Math.min(lane.cursor, id.offset());
    size++;
    return true;
  }

  /** Moves the cursor behind a document that was taken into memory on arrival. */
  void taken(PendingId id) {
    Lane lane = lane(id);
    lane.cursor = Math.max(lane.cursor, id.offset() + 1);
  }

  /**
   * Replaces the envelope of a document that is there.
   *
   * @return false, and the envelope is what it was, if the changelog does not take it: it takes
   *     less than when the document was added
   */
  boolean replace(PendingId id, byte[] envelope) {
    if (size(id, envelope) > bytesMax.getAsInt()) {
      return false;
    }
    store.put(keys.bytes(id), envelope);
    return true;
  }

  /** An upper bound of the bytes of an envelope's record in the changelog. */
  long size(PendingId id, byte[] envelope) {
    return OutcomeRecords.size(null, NO_HEADERS, keys.size(id.topic()) + envelope.length);
  }

  /** The document's envelope, or null if it has an outcome already. */
  byte @Nullable [] get(PendingId id) {
    return store.get(keys.bytes(id));
  }

  /**
   * Removes a document that is there and has an outcome now. Not with {@code delete}, which reads
   * the whole document to give it back.
   */
  void remove(PendingId id) {
    store.put(keys.bytes(id), null);
    size--;
  }

  /**
   * Offers parked documents, those of a topic in the order of arrival until {@code taker} refuses
   * one, and moves the cursors behind those it took.
   */
  void takeParked(BiPredicate<PendingId, byte[]> taker) {
    List<Lane> open = new ArrayList<>();
    List<Lane> all = List.copyOf(lanes.values());
    for (int i = 0; i < all.size(); i++) {
      open.add(all.get((turn + i) % all.size()));
    }
    turn = all.isEmpty() ? 0 : (turn + 1) % all.size();
    int atMost = open.size() == 1 ? Integer.MAX_VALUE : TURN;
    while (!open.isEmpty()) {
      open.removeIf(lane -> !takeTurn(lane, atMost, taker));
    }
  }

  /** Whether the lane may have more to offer. */
  private boolean takeTurn(Lane lane, int atMost, BiPredicate<PendingId, byte[]> taker) {
    if (lane.cursor >= lane.end) {
      return false;
    }
    try (KeyValueIterator<byte[], byte[]> parked = from(lane, lane.cursor)) {
      for (int taken = 0; taken < atMost; taken++) {
        if (!parked.hasNext()) {
          lane.cursor = lane.end;
          return false;
        }
        KeyValue<byte[], byte[]> entry = parked.next();
        PendingId id = keys.of(entry.key);
        if (!taker.test(id, entry.value)) {
          lane.cursor = id.offset();
          return false;
        }
        lane.cursor = id.offset() + 1;
      }
      return true;
    }
  }

  /** The envelope of the parked document that was seen first, or null if none is parked. */
  @Nullable Envelope firstParked() {
    Envelope oldest = null;
    for (Lane lane : lanes.values()) {
      if (lane.cursor >= lane.end) {
        continue;
      }
      try (KeyValueIterator<byte[], byte[]> parked = from(lane, lane.cursor)) {
        if (parked.hasNext()) {
          KeyValue<byte[], byte[]> first = parked.next();
          Envelope found = EnvelopeCodec.decode(keys.of(first.key), first.value);
          if (oldest == null || found.firstSeenMillis() < oldest.firstSeenMillis()) {
            oldest = found;
          }
        }
      }
    }
    return oldest;
  }

  private KeyValueIterator<byte[], byte[]> from(Lane lane, long offset) {
    return store.range(keys.bytes(lane.at(offset)), keys.bytes(lane.at(Long.MAX_VALUE)));
  }
}
