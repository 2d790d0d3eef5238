package dev.millrace.engine.scheduling;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for admission: in order of arrival within an owner, owners in turn. Owned by
 * the engine thread.
 */
final class WaitingRequests {
  private static final class Queue {
    final Object owner;
    final LinkedHashSet<ScheduledRequest> requests = new LinkedHashSet<>();

    Queue(Object owner) {
      this.owner = owner;
    }
  }

  private final IdentityHashMap<Object, Queue> queues = new IdentityHashMap<>();
  private final Deque<Queue> turns = new ArrayDeque<>();
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

  private Queue queueOf(ScheduledRequest request) {
    Queue queue = queues.get(request.owner());
    if (queue == null) {
      queue = new Queue(request.owner());
      queues.put(request.owner(), queue);
      turns.addLast(queue);
    }
    return queue;
  }

  /** Who is next. It stays next until it is removed. */
  @Nullable ScheduledRequest first() {
    Queue queue = turns.peekFirst();
    return queue == null ? null : queue.requests.getFirst();
  }

  /** Takes out a request of the owner whose turn it is, and ends that turn. */
  void removeAndEndTurn(ScheduledRequest request) {
    Queue queue = turns.getFirst();
    if (remove(request) && !queue.requests.isEmpty()) {
      turns.addLast(turns.removeFirst());
    }
  }

  /** Takes out a request; other turns stay as they are. */
  boolean remove(ScheduledRequest request) {
    Queue queue = queues.get(request.owner());
    if (queue == null || !queue.requests.remove(request)) {
      return false;
    }
    size--;
    if (queue.requests.isEmpty()) {
      queues.remove(queue.owner);
      turns.remove(queue);
    }
    return true;
  }
}
