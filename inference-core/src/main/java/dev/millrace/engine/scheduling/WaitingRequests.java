package dev.millrace.engine.scheduling;

import dev.millrace.engine.request.Owner;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for admission: those of the highest priority first; within a priority owners
 * take turns of as many requests as their share; within an owner in order of arrival. Owned by the
 * engine thread.
 */
final class WaitingRequests {

  /** Requests of one owner and priority. */
  private static final class Queue {
    final Object identity;
    final LinkedHashSet<ScheduledRequest> requests = new LinkedHashSet<>();
    int share = 1;
    int taken;

    Queue(Object identity) {
      this.identity = identity;
    }
  }

  /** Owners of one priority. */
  private static final class Level {
    final IdentityHashMap<Object, Queue> queues = new IdentityHashMap<>();
    final Deque<Queue> turns = new ArrayDeque<>();
  }

  private final TreeMap<Integer, Level> levels = new TreeMap<>(Collections.reverseOrder());
  private int size;

  int size() {
    return size;
  }

  void addLast(ScheduledRequest request) {
    queueOf(request).requests.addLast(request);
    size++;
  }

  void addFirst(ScheduledRequest request) {
    queueOf(request).requests.addFirst(request);
    size++;
  }

  /** The request's queue; the share is that of the owner's newest request. */
  private Queue queueOf(ScheduledRequest request) {
    Owner owner = request.owner();
    Level level = levels.computeIfAbsent(owner.priority(), _ -> new Level());
    Queue queue = level.queues.get(owner.identity());
    if (queue == null) {
      queue = new Queue(owner.identity());
      level.queues.put(owner.identity(), queue);
      level.turns.addLast(queue);
    }
    queue.share = owner.share();
    return queue;
  }

  /** Who is next. It stays next until it is removed, or one of a higher priority is added. */
  @Nullable ScheduledRequest first() {
    Map.Entry<Integer, Level> highest = levels.firstEntry();
    return highest == null ? null : highest.getValue().turns.getFirst().requests.getFirst();
  }

  /** Takes out the request that is next; its owner's turn ends with its share. */
  void removeAndEndTurn(ScheduledRequest request) {
    Level level = levels.firstEntry().getValue();
    Queue queue = level.turns.getFirst();
    if (remove(request) && !queue.requests.isEmpty() && ++queue.taken >= queue.share) {
      queue.taken = 0;
      level.turns.addLast(level.turns.removeFirst());
    }
  }

  /** Takes out a request; other turns stay as they are. */
  boolean remove(ScheduledRequest request) {
    Owner owner = request.owner();
    Level level = levels.get(owner.priority());
    Queue queue = level == null ? null : level.queues.get(owner.identity());
    if (level == null || queue == null || !queue.requests.remove(request)) {
      return false;
    }
    size--;
    if (queue.requests.isEmpty()) {
      level.queues.remove(queue.identity);
      level.turns.remove(queue);
      if (level.turns.isEmpty()) {
        levels.remove(owner.priority());
      }
    }
    return true;
  }
}
