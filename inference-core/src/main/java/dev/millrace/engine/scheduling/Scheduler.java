package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import dev.millrace.engine.cache.KvBlockPool;
import dev.millrace.engine.cache.LocalBlocks;
import dev.millrace.engine.cache.PrefixIndex;
import dev.millrace.engine.cache.Reservation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what each step computes.
 *
 * <p>A step holds one row for every sequence that generates, then suffixes and label nodes, then
 * prefixes in the order they were admitted, and with the budget that is left new requests are
 * admitted, owners in turn. A request is admitted only if its worst case fits into free and
 * reusable blocks, so nothing is ever preempted. A request whose beginning another one computes in
 * this very step is postponed to the next one and finds it there.
 *
 * <p>The cycle is {@link #plan}, the forward pass, an answer to each {@link LogitUse}, {@link
 * #complete}; requests are added and removed between cycles. While planning, blocks are only taken,
 * never given back, so no block is both source and target of a copy.
 *
 * <p>Owned by the thread that made it, which is checked.
 */
public final class Scheduler {
  private final Thread owner = Thread.currentThread();
  private final SchedulerLimits limits;
  private final KvBlockPool pool;
  private final @Nullable LocalBlocks local;
  private final PrefixIndex index;
  private final Admission admission;
  private final AdmissionWindow window;
  private final StepPlan plan;
  private final Set<ScheduledRequest> unfinished = new LinkedHashSet<>();
  private final WaitingRequests waiting = new WaitingRequests();
  private final LinkedHashSet<PrefixSequence> prefixes = new LinkedHashSet<>();
  private final LinkedHashSet<Sequence> suffixes = new LinkedHashSet<>();
  private final LinkedHashSet<BranchSequence> decoding = new LinkedHashSet<>();
  private final Deque<ScheduledBranch> forkable = new ArrayDeque<>();
  private final LabelNodes labelNodes;
  private final List<ScheduledRequest> postponed = new ArrayList<>();
  private int active;
  private long earliestDeadline = Long.MAX_VALUE;

  /**
   * A scheduler over an empty pool.
   *
   * @param blocks key-value blocks of the device
   */
  public Scheduler(SchedulerLimits limits, int blocks) {
    this(limits, blocks, null);
  }

  /**
   * The same for a model whose layers do not all see everything.
   *
   * @param local blocks of those that see a part, if they have their own; nothing is held
   */
  public Scheduler(SchedulerLimits limits, int blocks, @Nullable LocalBlocks local) {
    this.limits = limits;
    this.local = local;
    pool = new KvBlockPool(blocks, limits.blockTokens());
    index = new PrefixIndex(pool, local);
    admission = new Admission(limits, pool, index, local);
    window = new AdmissionWindow(limits.firstRequests(), limits.sequencesMax());
    plan = new StepPlan(pool, limits.stepTokensMax());
    labelNodes = new LabelNodes(pool, suffixes);
  }

  // ---- requests

  /**
   * Puts a request in its owner's queue.
   *
   * @throws IllegalArgumentException if it can never fit
   */
  public void add(ScheduledRequest request) {
    checkThread();
    if (request.blocksMax() > pool.blocks()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a request needs up to %d blocks, the pool has %d",
              request.blocksMax(),
              pool.blocks()));
    }
    if (local != null && request.localBlocksMax() > local.blocks()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a request needs up to %d local blocks, there are %d",
              request.localBlocksMax(),
              local.blocks()));
    }
    if (unfinished.isEmpty()) {
      window.idle();
    }
    unfinished.add(request);
    waiting.addLast(request);
    earliestDeadline = Math.min(earliestDeadline, request.deadlineNanos());
  }

  /** Takes out a request in whatever state and frees what it holds. No event is fired. */
  public void remove(ScheduledRequest request) {
    checkThread();
    if (!unfinished.remove(request)) {
      return;
    }
    request.branches().forEach(ScheduledBranch::end);
    if (!waiting.remove(request)) {
      stop(request);
    }
  }

  private void stop(ScheduledRequest request) {
    PrefixSequence prefix = request.prefixSequence;
    if (prefix != null) {
      if (prefixes.remove(prefix)) {
        active--;
      }
      admission.withdraw(prefix);
      prefix.table().release(pool);
    }
    if (request.reservation != null) {
      request.reservation.close();
    }
    labelNodes.drop(request);
    for (ScheduledBranch branch : request.branches()) {
      forkable.remove(branch);
      release(branch);
    }
    admission.forgoLocal(request);
  }

  /** Requests whose deadline has passed; they are still scheduled. */
  public List<ScheduledRequest> expired(long nowNanos) {
    List<ScheduledRequest> late = new ArrayList<>();
    if (nowNanos < earliestDeadline || earliestDeadline == Long.MAX_VALUE) {
      return late;
    }
    earliestDeadline = Long.MAX_VALUE;
    for (ScheduledRequest request : unfinished) {
      if (request.deadlineNanos() <= nowNanos) {
        late.add(request);
      } else {
        earliestDeadline = Math.min(earliestDeadline, request.deadlineNanos());
      }
    }
    return late;
  }

  /** Whether a step is due. */
  public boolean hasWork() {
    return !unfinished.isEmpty();
  }

  /** Requests that were not admitted yet. */
  public int waitingRequests() {
    return waiting.size() + postponed.size();
  }

  /** Requests that were admitted. */
  public int runningRequests() {
    return unfinished.size() - waitingRequests();
  }

  /** Blocks that hold nothing. */
  public int freeBlocks() {
    return pool.free();
  }

  /** Local blocks that sequences hold; 0 if there are none. */
  public int localBlocksHeld() {
    return local == null ? 0 : local.held();
  }

  // ---- planning

  /**
   * Plans the next step. To be called when there is work; the plan has rows, copies or both.
   *
   * @param nowNanos start of the step
   */
  public StepPlan plan(long nowNanos) {
    checkThread();
    plan.clear();
    labelNodes.fork(plan);
    startBranches();
    if (plan.copies().size() == 0) {
      labelNodes.fork(plan);
    }
    planDecode();
    suffixes.forEach(plan::add);
    prefixes.forEach(plan::add);
    admit();
    plan.sequences().forEach(sequence -> sequence.request().served(nowNanos));
    if (plan.rows() == 0 && plan.copies().size() == 0 && hasWork()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "nothing to compute for %d running and %d waiting requests",
              runningRequests(),
              waitingRequests()));
    }
    return plan;
  }

  private void planDecode() {
    if (decoding.size() <= plan.budget()) {
      decoding.forEach(plan::addDecode);
      return;
    }
    List<BranchSequence> turn = decoding.stream().limit(plan.budget()).toList();
    for (BranchSequence sequence : turn) {
      plan.addDecode(sequence);
      decoding.addLast(sequence);
    }
  }

  private void admit() {
    while (plan.budget() > 0 && active < limits.sequencesMax()) {
      ScheduledRequest request = waiting.first();
      if (request == null || !window.hasRoomBeside(runningRequests())) {
        return;
      }
      switch (admission.tryAdmit(request)) {
        case NO_MEMORY -> {
          return;
        }
        case BEING_COMPUTED -> {
          waiting.remove(request);
          postponed.add(request);
        }
        case ADMITTED -> {
          waiting.removeAndEndTurn(request);
          request.events().admitted();
          begin(request);
        }
      }
    }
  }

  private void begin(ScheduledRequest request) {
    PrefixSequence prefix = prefixOf(request);
    active++;
    prefixes.add(prefix);
    if (prefix.remaining() > 0) {
      plan.add(prefix);
      return;
    }
    prefixDone(prefix);
    startBranches().forEach(plan::add);
  }

  private List<BranchSequence> startBranches() {
    List<BranchSequence> started = new ArrayList<>();
    while (!forkable.isEmpty() && active < limits.sequencesMax()) {
      started.add(start(forkable.removeFirst()));
    }
    return started;
  }

  /** Forks the prefix; the last branch to fork takes the prefix's blocks over. */
  private BranchSequence start(ScheduledBranch branch) {
    ScheduledRequest request = branch.request();
    PrefixSequence prefix = prefixOf(request);
    Reservation promised = reservationOf(request);
    int tokens = prefix.position();
    boolean last = --request.unforked == 0;
    int partial = tokens % pool.blockTokens() == 0 ? 0 : 1;
    Reservation own = promised.split(branch.blocksMax() - (last ? partial : 0));
    BlockTable table;
    if (last) {
      table = prefix.table().move();
      promised.close();
    } else {
      table = prefix.table().fork(pool, tokens, own, plan.copies());
    }
    BranchSequence sequence = new BranchSequence(branch, table, own, branch.suffix());
    branch.sequence = sequence;
    active++;
    if (sequence.remaining() > 0) {
      suffixes.add(sequence);
    } else {
      firstAnswered(sequence);
    }
    return sequence;
  }

  // ---- completion

  /**
   * The step has run and its uses are answered: sequences move on, results are announced, blocks
   * that nobody needs are given back.
   *
   * @param nanos duration of the step
   */
  public void complete(StepPlan step, long nanos) {
    checkThread();
    labelNodes.discardRetired();
    postponed.reversed().forEach(waiting::addFirst);
    postponed.clear();
    step.charge(nanos);
    for (Sequence sequence : step.sequences()) {
      int rows = sequence.planned();
      sequence.advance();
      if (sequence instanceof PrefixSequence prefix) {
        admission.publish(prefix);
      }
      sequence.trim();
      switch (sequence) {
        case PrefixSequence prefix -> prefixAdvanced(prefix, rows);
        case BranchSequence branch -> branchAdvanced(branch, rows);
        case NodeSequence node -> nodeAdvanced(node, rows);
      }
    }
  }

  private void prefixAdvanced(PrefixSequence prefix, int rows) {
    prefix.request().prefixComputed(rows);
    if (prefix.remaining() == 0) {
      prefixDone(prefix);
    }
  }

  private void prefixDone(PrefixSequence prefix) {
    prefixes.remove(prefix);
    active--;
    ScheduledRequest request = prefix.request();
    List<ScheduledBranch> ended = new ArrayList<>();
    for (ScheduledBranch branch : request.branches()) {
      if (branch.hasResult()) {
        request.unforked--;
        ended.add(branch);
      } else {
        forkable.addLast(branch);
      }
    }
    if (request.unforked == 0) {
      prefix.table().release(pool);
      reservationOf(request).close();
    }
    for (ScheduledBranch branch : request.branches()) {
      if (branch instanceof GeneratingBranch generating) {
        generating.report();
      }
    }
    ended.forEach(this::finish);
  }

  private void branchAdvanced(BranchSequence sequence, int rows) {
    if (!decoding.contains(sequence)) {
      sequence.branch().prefilled(rows);
    }
    if (sequence.remaining() > 0) {
      return;
    }
    if (sequence.branch() instanceof GeneratingBranch generating) {
      generating.report();
    }
    if (sequence.branch().hasResult()) {
      finish(sequence.branch());
    } else {
      firstAnswered(sequence);
    }
  }

  /** A branch whose prompt is answered goes on: to its next token, or to its label nodes. */
  private void firstAnswered(BranchSequence sequence) {
    suffixes.remove(sequence);
    switch (sequence.branch()) {
      case GeneratingBranch generating -> {
        sequence.feedToken(generating.lastToken());
        decoding.add(sequence);
      }
      case ScoringBranch scoring -> labelNodes.beginWave(scoring, sequence);
    }
  }

  private void nodeAdvanced(NodeSequence node, int rows) {
    ScoringBranch branch = node.branch();
    branch.prefilled(rows);
    if (node.remaining() > 0) {
      return;
    }
    labelNodes.finished(node);
    if (branch.nodeFinished()) {
      if (branch.hasResult()) {
        finish(branch);
      } else {
        labelNodes.beginWave(branch, sequenceOf(branch));
      }
    }
  }

  private void finish(ScheduledBranch branch) {
    ScheduledRequest request = branch.request();
    branch.end();
    release(branch);
    request.events().ended(branch);
    if (--request.unended == 0) {
      unfinished.remove(request);
      window.finished();
      admission.forgoLocal(request);
      request.events().ended(request);
    }
  }

  private void release(ScheduledBranch branch) {
    BranchSequence sequence = branch.sequence;
    if (sequence != null) {
      branch.sequence = null;
      decoding.remove(sequence);
      suffixes.remove(sequence);
      sequence.table().release(pool);
      sequence.reservation().close();
      active--;
    }
  }

  // ---- checks

  private static PrefixSequence prefixOf(ScheduledRequest request) {
    return present(request.prefixSequence);
  }

  private static Reservation reservationOf(ScheduledRequest request) {
    return present(request.reservation);
  }

  private static BranchSequence sequenceOf(ScheduledBranch branch) {
    return present(branch.sequence);
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("a request that is not running was advanced");
    }
    return value;
  }

  private void checkThread() {
    if (!Thread.currentThread().equals(owner)) {
      throw new IllegalStateException(
          "the scheduler belongs to thread %s and was called by %s"
              .formatted(owner.getName(), Thread.currentThread().getName()));
    }
  }

  /**
   * Recounts all blocks. For tests and diagnosis: time proportional to the pool.
   *
   * @throws IllegalStateException naming the first contradiction
   */
  public void verifyIntegrity() {
    BlockAudit found = BlockAudit.of(unfinished, prefixes.size());
    pool.verifyIntegrity(found.tables());
    index.verifyIntegrity();
    if (local != null) {
      local.verifyIntegrity(found.tables());
      int promised = unfinished.stream().mapToInt(request -> request.localPromise).sum();
      check(promised == local.promised(), "promises of local blocks differ");
    }
    check(found.promised() == pool.reserved(), "promises of requests and pool differ");
    check(found.started() == active, "running sequences are miscounted");
    check(unfinished.isEmpty() || plan.rows() <= limits.stepTokensMax(), "a step is too large");
    if (unfinished.isEmpty()) {
      check(pool.free() + pool.reusable() == pool.blocks(), "blocks are held by nobody");
    }
  }

  private static void check(boolean condition, String message) {
    if (!condition) {
      throw new IllegalStateException(message);
    }
  }
}
