package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.Reservation;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.Owner;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The scheduler's state of one request. Made by any thread, then owned by the engine thread. */
public final class ScheduledRequest {
  private final Owner owner;
  private final int[] prefix;
  private final int adapter;
  private final List<ScheduledBranch> branches;
  private final long deadlineNanos;
  private final RequestEvents events;
  private final boolean hasEmptySuffix;
  private final long blocksMax;
  private final long localBlocksMax;
  private boolean served;
  private long servedNanos;
  private long computeNanos;
  private int cachedTokens;
  private int computedPrefixTokens;

  /** Branches that have neither forked the prefix nor ended. */
  int unforked;

  /** Branches that have not ended. */
  int unended;

  /** Blocks promised for what has not started yet. */
  @Nullable Reservation reservation;

  @Nullable PrefixSequence prefixSequence;

  /** Local blocks promised to it. */
  int localPromise;

  /**
   * A request to be scheduled.
   *
   * @param request of text alone
   * @param adapter number of its adapter; 0 for none
   * @param events hears what becomes of it
   * @param limits of the scheduler that will run it
   * @throws IllegalArgumentException if two labels of a branch are equal
   */
  public ScheduledRequest(
      InferenceRequest request, int adapter, RequestEvents events, SchedulerLimits limits) {
    this.owner = request.owner();
    this.prefix = request.prefix();
    this.adapter = adapter;
    this.deadlineNanos = request.deadlineNanos();
    this.events = events;
    List<ScheduledBranch> made = new ArrayList<>(request.branches().size());
    boolean empty = false;
    for (Branch branch : request.branches()) {
      empty |= branch.suffix().length == 0;
      made.add(
          switch (branch) {
            case Branch.Generate generate ->
                new GeneratingBranch(this, made.size(), generate, limits.blockTokens());
            case Branch.Score score ->
                new ScoringBranch(
                    this, made.size(), score, limits.blockTokens(), limits.labelBlocksMax());
          });
    }
    branches = List.copyOf(made);
    hasEmptySuffix = empty;
    unforked = branches.size();
    unended = branches.size();
    blocksMax = Math.ceilDiv(prefix.length, limits.blockTokens()) + branchBlocks(limits);
    localBlocksMax = localBlocks(limits);
  }

  /** What the prefix holds while it is computed, and what each branch takes beside. */
  private long localBlocks(SchedulerLimits limits) {
    int most = limits.localBlocksOfASequence();
    if (most == 0) {
      return 0;
    }
    long sum = Math.min(most, Math.ceilDiv(prefix.length, limits.blockTokens()));
    for (ScheduledBranch branch : branches) {
      sum +=
          branch instanceof ScoringBranch ? branch.blocksMax() : Math.min(most, branch.blocksMax());
    }
    return sum;
  }

  /**
   * Blocks of all branches: each copies the prefix's partly filled last block, except the last one
   * to fork, which takes it over.
   */
  private long branchBlocks(SchedulerLimits limits) {
    long sum = prefix.length % limits.blockTokens() == 0 ? 0 : -1;
    for (ScheduledBranch branch : branches) {
      sum += branch.blocksMax();
    }
    return sum;
  }

  /** Blocks that this request takes at worst, if no part of its prefix is cached. */
  public long blocksMax() {
    return blocksMax;
  }

  /** Local blocks that it holds at most; 0 if there are none. */
  public long localBlocksMax() {
    return localBlocksMax;
  }

  /** Its branches. */
  public List<ScheduledBranch> branches() {
    return branches;
  }

  /** Tokens of the prefix found in the prefix index. */
  public int cachedTokens() {
    return cachedTokens;
  }

  /** Tokens of the prefix computed so far. */
  public int computedPrefixTokens() {
    return computedPrefixTokens;
  }

  /** Start of the first step that served it, or {@code otherwise} if none did. */
  public long servedNanos(long otherwise) {
    return served ? servedNanos : otherwise;
  }

  /** Its share of step time. */
  public long computeNanos() {
    return computeNanos;
  }

  Owner owner() {
    return owner;
  }

  int[] prefix() {
    return prefix;
  }

  int adapter() {
    return adapter;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  RequestEvents events() {
    return events;
  }

  boolean hasEmptySuffix() {
    return hasEmptySuffix;
  }

  void served(long nowNanos) {
    if (!served) {
      served = true;
      servedNanos = nowNanos;
    }
  }

  void charge(long nanos) {
    computeNanos += nanos;
  }

  void cached(int tokens) {
    cachedTokens = tokens;
  }

  void prefixComputed(int tokens) {
    computedPrefixTokens += tokens;
  }
}
