package dev.millrace.engine.device;

import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.cache.LocalBlocks;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.model.ForwardPass;
import dev.millrace.engine.sampling.TokenSampler;
import dev.millrace.engine.sampling.TopTokens;
import dev.millrace.engine.scheduling.LogitUse;
import dev.millrace.engine.scheduling.ScheduledBranch;
import dev.millrace.engine.scheduling.ScheduledRequest;
import dev.millrace.engine.scheduling.Scheduler;
import dev.millrace.engine.scheduling.SchedulerLimits;
import dev.millrace.engine.scheduling.StepPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * One step after the other: plan, forward pass, tokens and scores, completion. Owned by the thread
 * that made it. Borrows the forward pass.
 */
final class EngineLoop {
  private final String model;
  private final ForwardPass forward;
  private final Scheduler scheduler;
  private final int[] stopTokens;
  private final EngineMetrics metrics;
  private final LongSupplier nanoClock;
  private final TokenSampler sampler = new TokenSampler();
  private final TopTokens topTokens = new TopTokens();
  private final Map<ScheduledRequest, ActiveRequest> active = new HashMap<>();

  EngineLoop(
      String model,
      ForwardPass forward,
      SchedulerLimits limits,
      int[] stopTokens,
      EngineMetrics metrics,
      LongSupplier nanoClock) {
    this.model = model;
    this.forward = forward;
    this.stopTokens = stopTokens.clone();
    this.metrics = metrics;
    this.nanoClock = nanoClock;
    scheduler =
        forward
            .localKv()
            .map(local ->
                new Scheduler(
                    limits,
                    forward.kv().blocks(),
                    new LocalBlocks(
                        local.shape().blocks(),
                        limits.blockTokens(),
                        forward.kv().blocks(),
                        local.firstVisible())))
            .orElseGet(() -> new Scheduler(limits, forward.kv().blocks()));
  }

  Scheduler scheduler() {
    return scheduler;
  }

  void add(ActiveRequest request) {
    active.put(request.scheduled(), request);
    scheduler.add(request.scheduled());
  }

  /** Forgets a request that ended. */
  void ended(ActiveRequest request) {
    active.remove(request.scheduled());
  }

  /** Takes a request out and tells its listener; nothing happens if it has ended. */
  void fail(ActiveRequest request, Reason reason, String message) {
    if (active.remove(request.scheduled()) == null) {
      return;
    }
    List<ScheduledBranch> unended =
        request.scheduled().branches().stream().filter(branch -> !branch.ended()).toList();
    scheduler.remove(request.scheduled());
    request.fail(reason, message, unended);
  }

  /** Takes everything out. */
  void failAll(Reason reason, String message) {
    for (ActiveRequest request : List.copyOf(active.values())) {
      fail(request, reason, message);
    }
  }

  /** Takes out what was cancelled. */
  void dropCancelled() {
    List<ActiveRequest> cancelled = new ArrayList<>();
    for (ActiveRequest request : active.values()) {
      if (request.withdrawal().isPresent()) {
        cancelled.add(request);
      }
    }
    for (ActiveRequest request : cancelled) {
      request.withdrawal().ifPresent(why -> fail(request, why.reason(), why.message()));
    }
  }

  /** Ends what is too late, and says whether a step is due. */
  boolean hasWork() {
    dropExpired(nanoClock.getAsLong());
    return scheduler.hasWork();
  }

  /**
   * Runs one step. To be called when there is work.
   *
   * @return rows it computed
   */
  int step() {
    long start = nanoClock.getAsLong();
    StepPlan plan = scheduler.plan(start);
    if (plan.copies().size() > 0) {
      forward.copyBlocks(plan.copies().from(), plan.copies().to());
    }
    if (plan.copies().local().size() > 0) {
      forward.copyLocalBlocks(plan.copies().local().from(), plan.copies().local().to());
    }
    if (plan.rows() > 0) {
      answer(plan.uses(), forward.forward(layout(plan), plan.logitRows()));
    }
    long nanos = nanoClock.getAsLong() - start;
    scheduler.complete(plan, nanos);
    metrics.step(model, plan.decodeRows(), plan.prefillRows(), nanos);
    metrics.load(
        model, scheduler.waitingRequests(), scheduler.runningRequests(), scheduler.freeBlocks());
    return plan.rows();
  }

  private void dropExpired(long now) {
    for (ScheduledRequest late : scheduler.expired(now)) {
      ActiveRequest request = active.get(late);
      if (request != null) {
        fail(request, Reason.DEADLINE, "the request's deadline passed before it was done");
      }
    }
  }

  private static StepLayout layout(StepPlan plan) {
    List<StepLayout.Run> runs = new ArrayList<>(plan.runs().size());
    for (StepPlan.Run run : plan.runs()) {
      runs.add(new StepLayout.Run(run.tokens(), run.position(), run.blocks(), run.localBlocks()));
    }
    return new StepLayout(runs);
  }

  private void answer(List<LogitUse> uses, Logits logits) {
    for (LogitUse use : uses) {
      switch (use) {
        case LogitUse.ChooseToken(int row, var branch) -> {
          int token = sampler.choose(logits, row, branch.sampling(), branch.position());
          boolean stop = isStop(token);
          if (branch.topLogProbabilities() > 0 && !stop) {
            branch.addScores(topTokens.of(logits, row, token, branch.topLogProbabilities()));
          }
          branch.accept(token, stop);
        }
        case LogitUse.ScoreLabels(int row, var branch, int node, int edgeRow) -> {
          int[] ids = branch.scores().questions(node, edgeRow);
          double[] answers = new double[ids.length];
          logits.logProbabilities(row, ids, answers);
          branch.scores().answer(node, edgeRow, answers);
        }
      }
    }
  }

  private boolean isStop(int token) {
    for (int stop : stopTokens) {
      if (stop == token) {
        return true;
      }
    }
    return false;
  }
}
