package dev.millrace.faults;

import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for a model: answers after a while, in another order than asked. Texts may say what
 * becomes of them: {@code reject}, {@code quarantine}, or what ends the process: {@code vanish}
 * without a trace, {@code crash} as a fault in native code does, {@code exhaust} by taking all
 * memory. Thread-safe.
 */
public final class ScriptedEnricher implements Enricher {
  /** What a shell says of a process that aborted. */
  private static final int CRASHED = 134;

  /** How texts begin that end the process. */
  private static final List<String> ENDS = List.of("crash", "vanish", "exhaust");

  private final ScheduledExecutorService threads;
  private final long delayMinNanos;
  private final long delayMaxNanos;
  private final Random random;
  private final String plan;
  private final Map<Object, Boolean> cancelled = new ConcurrentHashMap<>();

  /**
   * @param delayMin shortest time an answer takes
   * @param delayMax longest
   * @param seed of the delays
   */
  public ScriptedEnricher(Duration delayMin, Duration delayMax, long seed) {
    this(delayMin, delayMax, seed, "");
  }

  /**
   * The same, whose summaries begin with the name of a plan.
   *
   * @param plan empty for none
   */
  public ScriptedEnricher(Duration delayMin, Duration delayMax, long seed, String plan) {
    this.plan = plan;
    this.threads =
        Executors.newScheduledThreadPool(
            1, Thread.ofPlatform().daemon().name("scripted-", 0).factory());
    this.delayMinNanos = delayMin.toNanos();
    this.delayMaxNanos = Math.max(delayMax.toNanos(), delayMin.toNanos() + 1);
    this.random = new Random(seed);
  }

  /** Whether a record's value is a document, as text or as JSON, that ends the process. */
  static boolean endsProcess(byte @Nullable [] value) {
    if (value == null) {
      return false;
    }
    String text = new String(value, StandardCharsets.UTF_8);
    return ENDS.stream()
        .anyMatch(end -> text.startsWith(end) || text.contains("\"text\":\"" + end));
  }

  @Override
  public void submit(
      Object owner, Document document, int attempt, long deadlineNanos, OutcomeListener listener) {
    long delay;
    synchronized (random) {
      delay = random.nextLong(delayMinNanos, delayMaxNanos);
    }
    try {
      Future<?> _ =
          threads.schedule(
              () -> answer(owner, document, attempt, listener), delay, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      listener.onDeferred(new Deferral(Deferral.Cause.CANCELLED, "closed"));
    }
  }

  private void answer(Object owner, Document document, int attempt, OutcomeListener listener) {
    if (cancelled.containsKey(owner)) {
      listener.onDeferred(new Deferral(Deferral.Cause.CANCELLED, "cancelled"));
    } else if (document.text().startsWith("vanish")) {
      Runtime.getRuntime().halt(CRASHED);
    } else if (document.text().startsWith("crash")) {
      crash();
    } else if (document.text().startsWith("exhaust")) {
      exhaust();
    } else if (document.text().startsWith("reject")) {
      listener.onOutcome(new Outcome.Rejected(RejectReason.INVALID_ANSWER, "as scripted"));
    } else if (document.text().startsWith("quarantine")) {
      listener.onOutcome(new Outcome.Quarantined(enrichment(document, attempt)));
    } else {
      listener.onOutcome(new Outcome.Enriched(enrichment(document, attempt)));
    }
  }

  /** The virtual machine writes its fatal error file and ends. */
  private static void crash() {
    try {
      Process _ =
          new ProcessBuilder("kill", "-SEGV", Long.toString(ProcessHandle.current().pid())).start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot crash", e);
    }
  }

  private static void exhaust() {
    Object[] all = {};
    while (true) {
      all = new Object[] {all, new long[1 << 22]};
    }
  }

  private Enrichment enrichment(Document document, int attempt) {
    return new Enrichment(
        document,
        "0".repeat(64),
        Optional.empty(),
        new Enrichment.DocumentLanguage("en", Basis.ASSUMED),
        Answers.ofSummary((plan.isEmpty() ? "" : plan + ": ") + "summary of " + document.id()),
        List.of(),
        new Enrichment.Coverage(document.text().length(), List.of(), 1),
        new Enrichment.Usage(1, 1, 0, 1, 1, 0, 0, OptionalDouble.empty(), OptionalDouble.empty()),
        new Enrichment.Provenance("none", "bench", Map.of(), Map.of()),
        attempt,
        Instant.EPOCH);
  }

  @Override
  public void cancelAll(Object owner) {
    cancelled.put(owner, true);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
