package dev.millrace.engine.device;

import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.EngineStatus;
import dev.millrace.engine.EngineStatus.State;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.model.ForwardPass.LocalKv;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.scheduling.SchedulerLimits;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One model on a device. The device's thread alone runs its steps and closes it.
 *
 * <p>Thread-safe: submitters put requests in a bounded lock-free inbox and wake the thread;
 * cancellation is a mark on the request. A request that slips into the inbox while the engine stops
 * is answered by whoever takes it out, so each is answered once.
 */
final class DeviceEngine implements InferenceEngine {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceEngine.class);

  /** Label nodes of one branch may take this share of the blocks before they run in waves. */
  private static final int LABEL_BLOCKS_SHARE = 8;

  /** Enough to keep a small device busy, few enough for a soon first answer. */
  private static final int FIRST_REQUESTS = 4;

  private final DeviceThread thread;
  private final String name;
  private final EngineOptions options;
  private final LoadedModel model;
  private final EngineLoop loop;
  private final RequestChecks checks;
  private final int blocks;
  private final int localBlocks;
  private final ActiveRequest.Surroundings surroundings;
  private final Queue<ActiveRequest> inbox = new ConcurrentLinkedQueue<>();
  private final Set<ActiveRequest> unfinished = ConcurrentHashMap.newKeySet();

  /** Requests in the inbox and in the scheduler's queues. */
  private final AtomicInteger waiting = new AtomicInteger();

  /** Done when the model is closed; true if the device went with it. */
  private final CompletableFuture<Boolean> confirmed = new CompletableFuture<>();

  private volatile State state = State.RUNNING;
  private volatile boolean cancelled;
  private volatile Snapshot snapshot;

  private record Snapshot(int runningRequests, int freeBlocks) {}

  /** Takes over the model; on the engine thread. */
  DeviceEngine(DeviceThread thread, Tenant tenant, LoadedModel model, LongSupplier nanoClock) {
    this.thread = thread;
    this.model = model;
    name = tenant.name();
    options = tenant.options();
    blocks = model.forward().kv().blocks();
    localBlocks = model.forward().localKv().map(local -> local.shape().blocks()).orElse(0);
    SchedulerLimits limits =
        new SchedulerLimits(
            Math.min(options.stepTokensMax(), model.forward().stepRowsMax()),
            options.sequencesMax(),
            model.forward().kv().blockTokens(),
            Math.max(1, (localBlocks == 0 ? blocks : localBlocks) / LABEL_BLOCKS_SHARE),
            options.prefixCache(),
            model.forward().localKv().map(LocalKv::blocksOfASequence).orElse(0),
            FIRST_REQUESTS);
    loop =
        new EngineLoop(
            name, model.forward(), limits, model.info().stopTokens(), tenant.metrics(), nanoClock);
    snapshot = new Snapshot(0, blocks);
    checks =
        new RequestChecks(
            model.info().vocabulary(), model.info().contextTokens(), model.imageToken());
    surroundings =
        new ActiveRequest.Surroundings(
            name,
            model.info().tokenizer(),
            limits,
            tenant.metrics(),
            nanoClock,
            new Containment(),
            waiting::decrementAndGet,
            this::wakeForCancel,
            this::ended);
  }

  // ---- any thread

  @Override
  public ModelInfo model() {
    return model.info();
  }

  @Override
  public RequestHandle submit(InferenceRequest request, RequestListener listener) {
    return submit(request, listener, this);
  }

  /**
   * The same for one of several who hold this engine.
   *
   * @param holder compared by identity, for {@link #endHolder}
   */
  RequestHandle submit(InferenceRequest request, RequestListener listener, Object holder) {
    State now = state;
    if (now != State.RUNNING) {
      return refuse(request, listener, stopReason(now), stopMessage(now));
    }
    Optional<RequestChecks.Refusal> fault = checks.fault(request);
    if (fault.isPresent()) {
      return refuse(request, listener, fault.get().reason(), fault.get().message());
    }
    ActiveRequest active;
    try {
      active = new ActiveRequest(request, listener, holder, surroundings);
    } catch (IllegalArgumentException e) {
      return refuse(
          request, listener, Reason.INVALID_REQUEST, "the labels are wrong: " + e.getMessage());
    }
    long needed = active.scheduled().blocksMax();
    if (needed > blocks) {
      return refuse(request, listener, Reason.TOO_LONG, tooLarge(needed, blocks, "kvMemoryBytes"));
    }
    long neededLocally = active.scheduled().localBlocksMax();
    if (neededLocally > localBlocks) {
      return refuse(
          request, listener, Reason.TOO_LONG, tooLarge(neededLocally, localBlocks, "sequencesMax"));
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
      thread.wake();
    }
    return active;
  }

  /** Answers a request of a holder that has given the engine back. */
  RequestHandle refuseAsClosed(InferenceRequest request, RequestListener listener) {
    return refuse(request, listener, Reason.ENGINE_CLOSED, stopMessage(State.CLOSED));
  }

  private RequestHandle refuse(
      InferenceRequest request, RequestListener listener, Reason reason, String message) {
    ActiveRequest.refuse(request, listener, surroundings, reason, message);
    return () -> {};
  }

  private String tooLarge(long needed, int there, String option) {
    return String.format(
        Locale.ROOT,
        ("the request needs up to %d key-value blocks of %d tokens for its prefix and all"
            + " branches, the engine has %d; shorten it, split its branches, or raise %s"),
        needed,
        surroundings.limits().blockTokens(),
        there,
        option);
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

  private void wakeForCancel() {
    cancelled = true;
    thread.wake();
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

  /**
   * Ends every unfinished request of a holder as if the engine had been closed, and waits until
   * they are answered, except when a listener calls it.
   */
  @SuppressWarnings("ReferenceEquality") // a holder is an identity
  void endHolder(Object holder) {
    ActiveRequest.Withdrawal why =
        new ActiveRequest.Withdrawal(Reason.ENGINE_CLOSED, stopMessage(State.CLOSED));
    for (ActiveRequest request : unfinished) {
      if (request.holder() == holder) {
        request.withdraw(why);
      }
    }
    if (!thread.isCurrent()) {
      thread.settle(this);
    }
  }

  @Override
  public EngineStatus status() {
    Snapshot counts = snapshot;
    return new EngineStatus(
        state, waiting.get(), counts.runningRequests(), blocks, counts.freeBlocks());
  }

  @Override
  public void close() {
    State before = leave(State.CLOSED);
    thread.wake();
    if (thread.isCurrent()) {
      return;
    }
    if (confirmed.join()) {
      thread.awaitEnd();
    }
    if (before == State.RUNNING) {
      LOG.info("engine closed: model={}", model.info().name());
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

  boolean isRunning() {
    return state == State.RUNNING;
  }

  /** Whether there is something that {@link #takeIn} or the end of this engine waits for. */
  boolean hasNews() {
    return !inbox.isEmpty() || cancelled || !isRunning();
  }

  DeviceThread thread() {
    return thread;
  }

  // ---- the engine thread

  /** Takes in what was submitted and cancelled; says whether a step is due. */
  boolean takeIn() {
    try {
      for (ActiveRequest next = inbox.poll(); next != null; next = inbox.poll()) {
        loop.add(next);
      }
      if (cancelled) {
        cancelled = false;
        loop.dropCancelled();
      }
      return loop.hasWork();
    } catch (Throwable e) {
      fail(e);
      return false;
    } finally {
      takeSnapshot();
    }
  }

  /**
   * Runs one step.
   *
   * @return rows it computed
   */
  int step() {
    try {
      return loop.step();
    } catch (Throwable e) {
      fail(e);
      return 0;
    } finally {
      takeSnapshot();
    }
  }

  private void takeSnapshot() {
    snapshot = new Snapshot(loop.scheduler().runningRequests(), loop.scheduler().freeBlocks());
  }

  private void fail(Throwable cause) {
    leave(State.FAILED);
    LOG.error("the engine of model {} failed and accepts nothing more", name, cause);
  }

  private void ended(ActiveRequest request) {
    unfinished.remove(request);
    loop.ended(request);
  }

  long workBytesToCome() {
    return model.forward().workBytesToCome();
  }

  /** Answers everything that is unfinished and closes the model. */
  void end() {
    State end = state;
    loop.failAll(stopReason(end), stopMessage(end));
    for (ActiveRequest late = inbox.poll(); late != null; late = inbox.poll()) {
      answer(late, end);
    }
    takeSnapshot();
    try {
      model.close();
    } catch (RuntimeException e) {
      LOG.warn("closing model {} failed", name, e);
    }
  }

  /**
   * Lets {@link #close} return.
   *
   * @param withDevice whether the device's thread ends, too
   */
  void confirmEnd(boolean withDevice) {
    confirmed.complete(withDevice);
  }

  /** Answers a request that never reached the scheduler. */
  private void answer(ActiveRequest request, State end) {
    request.fail(stopReason(end), stopMessage(end), request.scheduled().branches());
  }
}
