package dev.millrace.enrichment;

import dev.millrace.engine.RequestHandle;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One document's requests in the engines: a round of them at a time. {@link #cancel} may come from
 * any thread.
 */
final class Submissions {
  private final Object owner;
  private final long deadlineNanos;
  private final Queue<RequestHandle> handles = new ConcurrentLinkedQueue<>();
  private volatile boolean cancelled;

  Submissions(Object owner, long deadlineNanos) {
    this.owner = owner;
    this.deadlineNanos = deadlineNanos;
  }

  /** A request, and whose model it asks. */
  record Submission(Findings findings, EngineCall call) {}

  boolean cancelled() {
    return cancelled;
  }

  /** Cancels what is submitted; nothing is submitted any more. */
  void cancel() {
    cancelled = true;
    handles.forEach(RequestHandle::cancel);
  }

  /**
   * Submits a round; when all of it has ended, goes on with {@code next}. Once one has failed at
   * once, the rest is not submitted and what was submitted is cancelled.
   */
  void submit(List<Submission> round, Runnable next) {
    handles.clear();
    AtomicInteger open = new AtomicInteger(round.size() + 1);
    Runnable ended =
        () -> {
          if (open.decrementAndGet() == 0) {
            next.run();
          }
        };
    int submitted = 0;
    for (Submission each : round) {
      if (cancelled
          || round.subList(0, submitted).stream().anyMatch(before -> before.call().failed())) {
        break;
      }
      EngineCall call = each.call();
      call.whenEnded(ended);
      handles.add(
          each.findings().asker().engine().submit(call.request(owner, deadlineNanos), call));
      submitted++;
    }
    if (submitted < round.size() || cancelled) {
      handles.forEach(RequestHandle::cancel);
    }
    int skipped = round.size() - submitted;
    if (open.addAndGet(-skipped - 1) == 0) {
      next.run();
    }
  }
}
