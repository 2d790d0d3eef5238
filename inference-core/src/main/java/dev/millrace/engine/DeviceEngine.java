package dev.millrace.engine;

import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineStatus.State;
import dev.millrace.engine.RequestChecks.Refusal;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.scheduling.SchedulerLimits;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine with one thread, the only one that touches the device: it loads the model, runs the
 * steps and closes the model.
 *
 * <p>Thread-safe: submitters put requests in a bounded lock-free inbox and wake the thread;
 * cancellation is a mark on the request. A request that slips into the inbox while the engine stops
 * is answered by whoever takes it out, so each is answered once.
 */
final class DeviceEngine implements InferenceEngine {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceEngine.class);

  /** Label nodes of one branch may take this share of the blocks before they run in waves. */
  private static final int LABEL_BLOCKS_SHARE = 8;

  private final EngineOptions options;
  private final EngineMetrics metrics;
  private final LongSupplier nanoClock;
  private final Thread thread;
  private final Queue<ActiveRequest> inbox = new ConcurrentLinkedQueue<>();
  private final Set<ActiveRequest> unfinished = ConcurrentHashMap.newKeySet();

  /** Requests in the inbox and in the scheduler's queues. */
  private final AtomicInteger waiting = new AtomicInteger();

  private volatile State state = State.RUNNING;
  private volatile boolean idle;
  private volatile boolean cancelled;
  private volatile Snapshot snapshot = new Snapshot(0, 0);

  /** Set before the engine is handed out. */
  private final Opened opened;

  private record Snapshot(int runningRequests, int freeBlocks) {}

  private record Opened(
      ModelInfo info, RequestChecks checks, int blocks, ActiveRequest.Surroundings surroundings) {}

  private DeviceEngine(
      LoadedModel.Loader loader,
      String threadName,
      EngineOptions options,
      EngineMetrics metrics,
      LongSupplier nanoClock) {
    this.options = options;
    this.metrics = metrics;
    this.nanoClock = nanoClock;
    CompletableFuture<Opened> opening = new CompletableFuture<>();
    thread =
        Thread.ofPlatform().name(threadName).daemon(true).unstarted(() -> run(loader, opening));
    thread.start();
    opened = await(opening);
  }

  /**
   * Starts an engine and waits until its model is loaded.
   *
   * @throws EngineException as the loader says
   */
  static DeviceEngine start(
      LoadedModel.Loader loader,
      String threadName,
      EngineOptions options,
      EngineMetrics metrics,
      LongSupplier nanoClock) {
    return new DeviceEngine(loader, threadName, options, metrics, nanoClock);
  }

  private static Opened await(CompletableFuture<Opened> opening) {
    try {
      return opening.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof EngineException known) {
        throw known;
      }
      throw new EngineException("the engine cannot start: " + cause, e);
    }
  }

  // ---- any thread

  @Override
  public ModelInfo model() {
    return opened.info();
  }

  @Override
  public RequestHandle submit(InferenceRequest request, RequestListener listener) {
    State now = state;
    if (now != State.RUNNING) {
      return refuse(request, listener, stopReason(now), stopMessage(now));
    }
    Optional<Refusal> fault = opened.checks().fault(request);
    if (fault.isPresent()) {
      return refuse(request, listener, fault.get().reason(), fault.get().message());
    }
    ActiveRequest active;
    try {
      active = new ActiveRequest(request, listener, opened.surroundings());
    } catch (IllegalArgumentException e) {
      return refuse(
          request, listener, Reason.INVALID_REQUEST, "the labels are wrong: " + e.getMessage());
    }
    long blocks = active.scheduled().blocksMax();
    if (blocks > opened.blocks()) {
      return refuse(request, listener, Reason.TOO_LONG, tooLarge(blocks));
    }
    if (waiting.incrementAndGet() > options.queueRequestsMax()) {
      waiting.decrementAndGet();
      return refuse(request, listener, Reason.OVERLOADED, overloaded());
    }
    unfinished.add(active);
    inbox.add(active);
    State after = state;
    if (after != State.RUNNING && inbox.remove(active)) {
      answer(active, after);
    } else {
      wake();
    }
    return active;
  }

  private RequestHandle refuse(
      InferenceRequest request, RequestListener listener, Reason reason, String message) {
    ActiveRequest.refuse(request, listener, opened.surroundings(), reason, message);
    return () -> {};
  }

  private String tooLarge(long blocks) {
    return String.format(
        Locale.ROOT,
        ("the request needs up to %d key-value blocks of %d tokens for its prefix and all"
            + " branches, the engine has %d; shorten it, split its branches, or raise"
            + " kvMemoryBytes"),
        blocks,
        opened.surroundings().limits().blockTokens(),
        opened.blocks());
  }

  private String overloaded() {
    return String.format(
        Locale.ROOT,
        "%d requests wait already, the limit is queueRequestsMax=%d; try again later",
        waiting.get(),
        options.queueRequestsMax());
  }

  private static Reason stopReason(State state) {
    return state == State.FAILED ? Reason.ENGINE_FAILED : Reason.ENGINE_CLOSED;
  }

  private static String stopMessage(State state) {
    return state == State.FAILED
        ? "the engine failed and accepts nothing more; its log says why; open a new one"
        : "the engine was closed";
  }

  private void wake() {
    if (idle) {
      LockSupport.unpark(thread);
    }
  }

  private void wakeForCancel() {
    cancelled = true;
    wake();
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // owners are compared by identity: that is the contract
  public void cancelAll(Object owner) {
    for (ActiveRequest request : unfinished) {
      if (request.owner() == owner) {
        request.cancel();
      }
    }
  }

  @Override
  public EngineStatus status() {
    Snapshot counts = snapshot;
    return new EngineStatus(
        state, waiting.get(), counts.runningRequests(), opened.blocks(), counts.freeBlocks());
  }

  @Override
  public void close() {
    State before = leave(State.CLOSED);
    LockSupport.unpark(thread);
    if (Thread.currentThread().equals(thread)) {
      return;
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (before == State.RUNNING) {
      LOG.info("engine closed: model={}", opened.info().name());
    }
  }

  /** From running to failed, or from either to closed. */
  private synchronized State leave(State to) {
    State before = state;
    if (before == State.RUNNING || to == State.CLOSED) {
      state = to;
    }
    return before;
  }

  // ---- the engine thread

  private void run(LoadedModel.Loader loader, CompletableFuture<Opened> opening) {
    LoadedModel model;
    EngineLoop loop;
    try {
      model = loader.load();
    } catch (Throwable e) {
      opening.completeExceptionally(e);
      return;
    }
    try (model) {
      try {
        loop = open(model, opening);
      } catch (Throwable e) {
        opening.completeExceptionally(e);
        return;
      }
      serve(loop);
    } catch (RuntimeException e) {
      LOG.warn("closing the model failed", e);
    }
  }

  private EngineLoop open(LoadedModel model, CompletableFuture<Opened> opening) {
    int blocks = model.forward().kv().blocks();
    SchedulerLimits limits =
        new SchedulerLimits(
            Math.min(options.stepTokensMax(), model.forward().stepRowsMax()),
            options.sequencesMax(),
            model.forward().kv().blockTokens(),
            Math.max(1, blocks / LABEL_BLOCKS_SHARE),
            options.prefixCache());
    EngineLoop loop =
        new EngineLoop(model.forward(), limits, model.info().stopTokens(), metrics, nanoClock);
    snapshot = new Snapshot(0, blocks);
    ActiveRequest.Surroundings surroundings =
        new ActiveRequest.Surroundings(
            limits,
            metrics,
            nanoClock,
            new Containment(),
            waiting::decrementAndGet,
            this::wakeForCancel,
            request -> {
              unfinished.remove(request);
              loop.ended(request);
            });
    RequestChecks checks =
        new RequestChecks(model.info().vocabulary(), model.info().contextTokens());
    opening.complete(new Opened(model.info(), checks, blocks, surroundings));
    return loop;
  }

  private void serve(EngineLoop loop) {
    State end;
    try {
      while (state == State.RUNNING) {
        turn(loop);
      }
      end = State.CLOSED;
    } catch (Throwable e) {
      leave(State.FAILED);
      end = State.FAILED;
      LOG.error("the engine failed and accepts nothing more", e);
    }
    loop.failAll(stopReason(end), stopMessage(end));
    for (ActiveRequest late = inbox.poll(); late != null; late = inbox.poll()) {
      answer(late, end);
    }
    snapshot = new Snapshot(0, loop.scheduler().freeBlocks());
  }

  private void turn(EngineLoop loop) {
    for (ActiveRequest next = inbox.poll(); next != null; next = inbox.poll()) {
      loop.add(next);
    }
    if (cancelled) {
      cancelled = false;
      loop.dropCancelled();
    }
    boolean worked = loop.step();
    snapshot = new Snapshot(loop.scheduler().runningRequests(), loop.scheduler().freeBlocks());
    if (!worked) {
      park();
    }
  }

  /** Sleeps until there is something to do. Whoever adds something looks at {@code idle} after. */
  private void park() {
    idle = true;
    while (inbox.isEmpty() && !cancelled && state == State.RUNNING) {
      LockSupport.park(this);
    }
    idle = false;
  }

  /** Answers a request that never reached the scheduler. */
  private void answer(ActiveRequest request, State end) {
    request.fail(stopReason(end), stopMessage(end), request.scheduled().branches());
  }
}
