package dev.millrace.streams;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.health.Probe;
import dev.millrace.records.SourcePosition;
import dev.millrace.streams.processor.PendingId;
import dev.millrace.streams.processor.ProcessorMonitor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges from what the processors report whether the application is well, and tells the log the
 * first time something stands in the way. Thread-safe.
 */
final class ApplicationHealth implements ProcessorMonitor {
  private static final Logger LOG = LoggerFactory.getLogger(ApplicationHealth.class);
  private static final Duration LOG_AGAIN = Duration.ofMinutes(1);

  private static final class Seen {
    long count;
    long loggedNanos;
  }

  private final Duration stall;
  private final LongSupplier nanoClock;
  private final Supplier<List<String>> otherProblems;
  private final Map<String, Load> loads = new ConcurrentHashMap<>();
  private final Map<Deferral.Cause, Seen> retries = new EnumMap<>(Deferral.Cause.class);
  private final Map<String, AtomicLong> skipped = new ConcurrentHashMap<>();
  private final AtomicLong progressNanos;
  private final AtomicBoolean engineLost = new AtomicBoolean();
  private volatile String broken = "";
  private final Runnable onEngineLost;

  /**
   * @param stall longest time without an outcome while documents are pending
   * @param otherProblems what else is wrong, such as streams that do not run; one line each
   * @param onEngineLost called once, on a stream thread
   */
  ApplicationHealth(
      Duration stall,
      LongSupplier nanoClock,
      Supplier<List<String>> otherProblems,
      Runnable onEngineLost) {
    this.stall = stall;
    this.nanoClock = nanoClock;
    this.otherProblems = otherProblems;
    this.onEngineLost = onEngineLost;
    this.progressNanos = new AtomicLong(nanoClock.getAsLong());
  }

  /** Red only if a restart helps. */
  Probe live() {
    List<String> problems = new ArrayList<>();
    if (engineLost.get()) {
      problems.add("the engine is lost: restart");
    }
    String why = broken;
    if (!why.isEmpty()) {
      problems.add(why);
    }
    return new Probe(problems);
  }

  /** Nothing is processed any more, and only a restart helps; what was told first counts. */
  synchronized void broken(String why) {
    if (broken.isEmpty()) {
      broken = why;
    }
  }

  /** Red if documents do not get through. */
  Probe ready() {
    List<String> problems = new ArrayList<>(live().problems());
    problems.addAll(otherProblems.get());
    long awaiting = loads.values().stream().mapToLong(Load::awaitingRegistry).sum();
    if (awaiting > 0) {
      problems.add(
          String.format(
              Locale.ROOT,
              "the schema registry does not answer: %d documents wait for it",
              awaiting));
    }
    long now = nanoClock.getAsLong();
    long pending = pending();
    long silent = now - progressNanos.get();
    if (pending > 0 && silent > stall.toNanos()) {
      problems.add(
          String.format(
              Locale.ROOT,
              "no outcome for %d s while %d documents are pending",
              Duration.ofNanos(silent).toSeconds(),
              pending));
    }
    return new Probe(problems);
  }

  /** Documents without an outcome, over all stream tasks of this process. */
  long pending() {
    return loads.values().stream().mapToLong(Load::pending).sum();
  }

  @Override
  public void load(String task, Load load) {
    Load before = loads.put(task, load);
    if (load.pending() > 0 && (before == null || before.pending() == 0)) {
      progress();
    }
  }

  @Override
  public void taskClosed(String task) {
    loads.remove(task);
  }

  @Override
  public void resubmitted(long documents, long ofOtherPlans) {
    LOG.info("{} documents were left pending by an earlier run: submitting them again", documents);
    if (ofOtherPlans > 0) {
      LOG.warn(
          "{} of them were consumed under another plan or model and are finished with the present"
              + " one; their records have the warning PLAN_CHANGED",
          ofOtherPlans);
    }
  }

  @Override
  public void suspected(int documents, int waiting) {
    LOG.info(
        "processes ended while documents were in flight: {} of them are enriched as a group, {}"
            + " wait for their turn; others go on beside them",
        documents,
        waiting);
  }

  @Override
  public void suspected(PendingId id, int restarts) {
    LOG.warn(
        "document {} was in flight when {} processes ended: it is enriched with nothing beside it",
        id,
        restarts);
  }

  @Override
  public void takenBefore(SourcePosition at, long next) {
    String partition = at.topic() + "-" + at.partition();
    if (skipped.computeIfAbsent(partition, _ -> new AtomicLong()).incrementAndGet() == 1) {
      LOG.warn(
          "partition {} is read again from offset {}: the committed offsets of the group are gone or"
              + " were set back. Documents up to offset {} were taken before, have an outcome or"
              + " are pending, and are skipped; with processing.taken: again they are"
              + " enriched again",
          partition,
          at.offset(),
          next - 1);
    }
  }

  /** What an operator should know, one line each; empty if all is well. */
  List<String> notes() {
    List<String> notes = new ArrayList<>();
    new TreeMap<>(skipped)
        .forEach((partition, count) ->
            notes.add(
                String.format(
                    Locale.ROOT,
                    "%d documents of partition %s were read again and skipped: they were taken"
                        + " before (processing.taken)",
                    count.get(),
                    partition)));
    return notes;
  }

  @Override
  public void enriched(Enrichment enrichment, boolean quarantined, long ageMillis) {
    progress();
  }

  @Override
  public void rejected(RejectReason reason, long ageMillis) {
    progress();
  }

  @Override
  public void retry(Deferral.Cause cause, String message) {
    long now = nanoClock.getAsLong();
    long count;
    boolean log;
    synchronized (retries) {
      Seen seen = retries.computeIfAbsent(cause, _ -> new Seen());
      log = seen.count == 0 || now - seen.loggedNanos > LOG_AGAIN.toNanos();
      seen.count++;
      if (log) {
        seen.loggedNanos = now;
      }
      count = seen.count;
    }
    if (log && cause != Deferral.Cause.CANCELLED) {
      LOG.warn("documents wait for another attempt: {}: {} ({} so far)", cause, message, count);
    }
    if (cause == Deferral.Cause.ENGINE_LOST && engineLost.compareAndSet(false, true)) {
      LOG.error("the engine is lost, nothing more is submitted: {}", message);
      onEngineLost.run();
    }
  }

  private void progress() {
    progressNanos.set(nanoClock.getAsLong());
  }
}
