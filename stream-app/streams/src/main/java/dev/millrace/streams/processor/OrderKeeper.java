package dev.millrace.streams.processor;

import dev.millrace.enrichment.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds outcomes back until those before them are out. Owned by the stream thread.
 *
 * <p>Documents of a lane are announced in their order, so the first of a lane is always already
 * submitted: nothing waits for a document that waits for it.
 */
final class OrderKeeper {

  /** An outcome that may be forwarded. */
  record Ready(PendingId id, Outcome outcome) {}

  private record KeyLane(String topic, ByteBuffer key) {}

  private static final class Place {
    final PendingId id;
    final Object lane;
    @Nullable Outcome outcome;

    Place(PendingId id, Object lane) {
      this.id = id;
      this.lane = lane;
    }
  }

  private final Ordering ordering;
  private final Map<PendingId, Place> places = new HashMap<>();
  private final Map<Object, Deque<Place>> lanes = new HashMap<>();
  private int held;

  OrderKeeper(Ordering ordering) {
    this.ordering = ordering;
  }

  /**
   * Whether an outcome may be forwarded although it was not announced.
   *
   * @param allAnnounced whether all before it were
   */
  boolean isFree(String topic, byte @Nullable [] key, boolean allAnnounced) {
    Object lane = lane(topic, key);
    return lane == null || (allAnnounced && !lanes.containsKey(lane));
  }

  /** A document was taken into memory; to be called in the order of arrival. */
  void announce(PendingId id, byte @Nullable [] key) {
    Object lane = lane(id.topic(), key);
    if (lane == null) {
      return;
    }
    Place place = new Place(id, lane);
    places.put(id, place);
    lanes.computeIfAbsent(lane, _ -> new ArrayDeque<>()).add(place);
  }

  /** A document has its outcome: gives what may be forwarded now, in order. */
  List<Ready> complete(PendingId id, Outcome outcome) {
    Place place = places.get(id);
    if (place == null) {
      return List.of(new Ready(id, outcome));
    }
    place.outcome = outcome;
    held++;
    Deque<Place> lane = lanes.getOrDefault(place.lane, new ArrayDeque<>());
    List<Ready> ready = new ArrayList<>();
    for (Place head = lane.peek(); head != null; head = lane.peek()) {
      Outcome done = head.outcome;
      if (done == null) {
        break;
      }
      lane.remove();
      places.remove(head.id);
      ready.add(new Ready(head.id, done));
      held--;
    }
    if (lane.isEmpty()) {
      lanes.remove(place.lane);
    }
    return ready;
  }

  /** Outcomes held back. */
  int held() {
    return held;
  }

  /** Topics have lanes of their own: nothing says which of two came first. */
  private @Nullable Object lane(String topic, byte @Nullable [] key) {
    return switch (ordering) {
      case NONE -> null;
      case KEY -> key == null ? null : new KeyLane(topic, ByteBuffer.wrap(key.clone()));
      case PARTITION -> topic;
    };
  }
}
