package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One engine request of a document, and its results as they come in. Written by the engine thread
 * until it reports the request's end; read afterwards by whoever was told.
 */
final class EngineCall implements RequestListener {
  /** Part number of a call that is about no part: the reduction of summaries. */
  static final int NO_PART = -1;

  private final int part;
  private final int[] prefix;
  private final List<Ask> asks;
  private final @Nullable BranchResult[] results;
  private @Nullable RequestUsage usage;
  private Runnable ended = () -> {};
  private volatile boolean failed;

  EngineCall(int part, int[] prefix, List<Ask> asks) {
    this.part = part;
    this.prefix = prefix;
    this.asks = asks;
    this.results = new BranchResult[asks.size()];
  }

  InferenceRequest request(Object owner, long deadlineNanos) {
    List<Branch> branches = asks.stream().map(Ask::branch).toList();
    return new InferenceRequest(owner, prefix, branches, deadlineNanos);
  }

  /** Who is told when the request ended. Set before submission. */
  void whenEnded(Runnable ended) {
    this.ended = ended;
  }

  @Override
  public void onBranch(int branch, BranchResult result) {
    results[branch] = result;
    if (result instanceof BranchResult.Failed) {
      failed = true;
    }
  }

  @Override
  public void onRequest(RequestUsage usage) {
    this.usage = usage;
    ended.run();
  }

  int part() {
    return part;
  }

  int prefixTokens() {
    return prefix.length;
  }

  List<Ask> asks() {
    return asks;
  }

  /** The result of a branch; only of a call that has ended. */
  BranchResult result(int branch) {
    @Nullable BranchResult result = results[branch];
    if (result == null) {
      throw new IllegalStateException("the engine ended a request without its branch " + branch);
    }
    return result;
  }

  /** Whether a branch has failed so far. May be asked before the end, on any thread. */
  boolean failed() {
    return failed;
  }

  /** What it took; empty if it was never submitted. */
  Optional<RequestUsage> usage() {
    return Optional.ofNullable(usage);
  }

  /** Branches that failed. */
  List<BranchResult.Failed> failures() {
    List<BranchResult.Failed> failures = new ArrayList<>();
    for (@Nullable BranchResult result : results) {
      if (result instanceof BranchResult.Failed failed) {
        failures.add(failed);
      }
    }
    return failures;
  }
}
