package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.Reservation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The scheduler's state of one request. Made by any thread, then owned by the engine thread. */
public final class ScheduledRequest {
  private final Object owner;
  private final int[] prefix;
  private final List<ScheduledBranch> branches;
  private final long deadlineNanos;
  private final RequestEvents events;
  private final boolean hasEmptySuffix;
  private final long blocksMax;
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

  /**
   * A request to be scheduled.
   *
   * @param owner for fairness; compared by identity
   * @param prefix token ids, at least one; not copied
   * @param specs at least one branch
   * @param deadlineNanos as of {@link System#nanoTime()}; {@link Long#MAX_VALUE} for none
   * @param events hears what becomes of it
   * @param limits of the scheduler that will run it
   */
  public ScheduledRequest(
      Object owner,
      int[] prefix,
      List<BranchSpec> specs,
      long deadlineNanos,
      RequestEvents events,
      SchedulerLimits limits) {
    this.owner = owner;
    this.prefix = prefix;
    this.deadlineNanos = deadlineNanos;
    this.events = events;
    List<ScheduledBranch> made = new ArrayList<>(specs.size());
    boolean empty = false;
    for (BranchSpec spec : specs) {
      empty |= spec.suffix().length == 0;
      made.add(
          switch (spec) {
            case BranchSpec.Generate generate ->
                new GeneratingBranch(this, made.size(), generate, limits.blockTokens());
            case BranchSpec.Score score ->
                new ScoringBranch(
                    this, made.size(), score, limits.blockTokens(), limits.labelBlocksMax());
          });
    }
    branches = List.copyOf(made);
    hasEmptySuffix = empty;
    unforked = branches.size();
    unended = branches.size();
    blocksMax = Math.ceilDiv(prefix.length, limits.blockTokens()) + branchBlocks(limits);
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

  Object owner() {
    return owner;
  }

  int[] prefix() {
    return prefix;
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
