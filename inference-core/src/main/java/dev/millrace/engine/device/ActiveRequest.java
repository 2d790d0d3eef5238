package dev.millrace.engine.device;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Finish;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.BranchUsage;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.sampling.StopStrings;
import dev.millrace.engine.scheduling.GeneratingBranch;
import dev.millrace.engine.scheduling.RequestEvents;
import dev.millrace.engine.scheduling.ScheduledBranch;
import dev.millrace.engine.scheduling.ScheduledRequest;
import dev.millrace.engine.scheduling.SchedulerLimits;
import dev.millrace.engine.scheduling.ScoringBranch;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A submitted request: turns what the scheduler reports into calls of its listener, each branch
 * exactly once.
 *
 * <p>Owned by the engine thread once it is in the inbox; {@link #cancel} is thread-safe.
 */
final class ActiveRequest implements RequestEvents, RequestHandle {
  private static final int NO_ADAPTER = 0;
  private final InferenceRequest request;
  private final RequestListener listener;
  private final Surroundings surroundings;
  private final long submittedNanos;
  private final ScheduledRequest scheduled;
  private final Object holder;
  private final Map<Integer, StopStrings> stopStrings = new TreeMap<>();
  private final AtomicReference<@Nullable Withdrawal> withdrawal = new AtomicReference<>();
  private boolean queued = true;
  private boolean finished;

  /**
   * What all requests of an engine share.
   *
   * @param model its name
   * @param tokenizer of the model, for stop strings
   * @param limits of its scheduler
   * @param metrics hears of ends and failures
   * @param nanoClock monotonic
   * @param contained runs listeners
   * @param onDequeued called when a request left the queue, admitted or not
   * @param onCancel called when a request was marked as cancelled
   * @param onEnd called when a request has ended
   */
  record Surroundings(
      String model,
      Tokenizer tokenizer,
      SchedulerLimits limits,
      EngineMetrics metrics,
      LongSupplier nanoClock,
      Containment contained,
      Runnable onDequeued,
      Runnable onCancel,
      Consumer<ActiveRequest> onEnd) {

    private void failed(Reason reason) {
      metrics.failure(model, reason.name());
    }
  }

  /** Why somebody does not want it any more. */
  record Withdrawal(Reason reason, String message) {
    static final Withdrawal CANCELLED =
        new Withdrawal(Reason.CANCELLED, "the request was cancelled by its owner");
  }

  /**
   * Takes a request that was checked.
   *
   * @param holder through whom it came
   * @throws IllegalArgumentException if two labels of a branch are equal
   */
  ActiveRequest(
      InferenceRequest request,
      RequestListener listener,
      Object holder,
      Surroundings surroundings) {
    this.holder = holder;
    this.request = request;
    this.listener = listener;
    this.surroundings = surroundings;
    submittedNanos = surroundings.nanoClock().getAsLong();
    scheduled = new ScheduledRequest(request, NO_ADAPTER, this, surroundings.limits());
    for (int i = 0; i < request.branches().size(); i++) {
      if (request.branches().get(i) instanceof Branch.Generate generate
          && scheduled.branches().get(i) instanceof GeneratingBranch branch
          && !generate.stopStrings().isEmpty()) {
        watch(branch, new StopStrings(generate.stopStrings()));
      }
    }
  }

  private void watch(GeneratingBranch branch, StopStrings wanted) {
    Tokenizer.StreamDecoder decoder = surroundings.tokenizer().streamDecoder();
    stopStrings.put(branch.index(), wanted);
    branch.watch(token -> wanted.add(decoder.next(token)));
  }

  ScheduledRequest scheduled() {
    return scheduled;
  }

  /** For {@link InferenceEngine#cancelAll}. */
  Object owner() {
    return request.owner().identity();
  }

  Object holder() {
    return holder;
  }

  @Override
  public void cancel() {
    withdraw(Withdrawal.CANCELLED);
  }

  /** Marks it as not wanted any more, unless it is already. */
  void withdraw(Withdrawal why) {
    if (withdrawal.compareAndSet(null, why)) {
      surroundings.onCancel().run();
    }
  }

  /** Why it is not wanted any more; empty if it is. */
  Optional<Withdrawal> withdrawal() {
    return Optional.ofNullable(withdrawal.get());
  }

  @Override
  public void admitted() {
    dequeued();
  }

  private void dequeued() {
    if (queued) {
      queued = false;
      surroundings.onDequeued().run();
    }
  }

  @Override
  public void token(GeneratingBranch branch, int token) {
    surroundings.contained().run(() -> listener.onToken(branch.index(), token));
  }

  @Override
  public void ended(ScheduledBranch branch) {
    tell(branch.index(), resultOf(branch));
  }

  private BranchResult resultOf(ScheduledBranch branch) {
    BranchUsage usage = usageOf(branch);
    switch (branch) {
      case GeneratingBranch generating -> {
        Finish finish = generating.stopped() ? Finish.STOP : Finish.LENGTH;
        StopStrings wanted = stopStrings.get(branch.index());
        return new Generated(
            generating.tokens(),
            finish,
            wanted == null ? Optional.empty() : wanted.found(),
            generating.scores(),
            usage);
      }
      case ScoringBranch scoring -> {
        double[] scores = scoring.scores().logProbabilities();
        for (double score : scores) {
          if (Double.isNaN(score)) {
            surroundings.failed(Reason.INVALID_REQUEST);
            return new Failed(
                Reason.INVALID_REQUEST, "the model computed no number for this input", usage);
          }
        }
        return new Scored(scores, usage);
      }
    }
  }

  private static BranchUsage usageOf(ScheduledBranch branch) {
    return new BranchUsage(branch.prefilledTokens(), branch.generatedTokens());
  }

  @Override
  public void ended(ScheduledRequest ended) {
    end();
  }

  /** Ends the branches that have no result yet, and the request. The scheduler let go of it. */
  void fail(Reason reason, String message, List<ScheduledBranch> unended) {
    if (finished) {
      return;
    }
    dequeued();
    for (ScheduledBranch branch : unended) {
      surroundings.failed(reason);
      tell(branch.index(), new Failed(reason, message, usageOf(branch)));
    }
    end();
  }

  private void tell(int branch, BranchResult result) {
    surroundings.contained().run(() -> listener.onBranch(branch, result));
  }

  private void end() {
    finished = true;
    surroundings.onEnd().accept(this);
    long now = surroundings.nanoClock().getAsLong();
    RequestUsage usage = usage(now);
    surroundings
        .metrics()
        .request(
            surroundings.model(),
            usage.prefixTokens(),
            usage.cachedTokens(),
            usage.suffixTokens(),
            usage.generatedTokens(),
            usage.queueNanos(),
            now - submittedNanos);
    surroundings.contained().run(() -> listener.onRequest(usage));
  }

  private RequestUsage usage(long now) {
    int suffixTokens = 0;
    int generatedTokens = 0;
    for (ScheduledBranch branch : scheduled.branches()) {
      suffixTokens += branch.prefilledTokens();
      generatedTokens += branch.generatedTokens();
    }
    return new RequestUsage(
        scheduled.cachedTokens() + scheduled.computedPrefixTokens(),
        scheduled.cachedTokens(),
        suffixTokens,
        generatedTokens,
        scheduled.servedNanos(now) - submittedNanos,
        scheduled.computeNanos());
  }

  /** Answers a request that never becomes active, on the calling thread. */
  static void refuse(
      InferenceRequest request,
      RequestListener listener,
      Surroundings surroundings,
      Reason reason,
      String message) {
    for (int branch = 0; branch < request.branches().size(); branch++) {
      int index = branch;
      surroundings.failed(reason);
      surroundings
          .contained()
          .run(() -> listener.onBranch(index, new Failed(reason, message, BranchUsage.NONE)));
    }
    surroundings.contained().run(() -> listener.onRequest(new RequestUsage(0, 0, 0, 0, 0, 0)));
  }
}
