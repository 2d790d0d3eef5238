package dev.millrace.enrichment;

import dev.millrace.engine.InferenceEngine;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enriches documents with the model of an engine. Tokenising, decoding and joining run on a few
 * threads of its own, never on the caller's or the engine's.
 *
 * <p>Thread-safe because jobs share nothing but concurrent collections and immutable objects.
 * Borrows the engine: close this first.
 */
public final class EngineEnricher implements Enricher {
  private static final Logger LOG = LoggerFactory.getLogger(EngineEnricher.class);
  private static final int CLOSE_SECONDS_MAX = 30;
  private static final int THREADS_MAX = 4;

  private final Shared shared;
  private final int documentsMax;
  private final ExecutorService executor;
  private final Set<DocumentJob> jobs = ConcurrentHashMap.newKeySet();
  private final AtomicInteger documents = new AtomicInteger();
  private volatile boolean closed;

  /**
   * What all jobs use.
   *
   * @param plan what is asked
   * @param askers the models that are asked, by name
   * @param executor runs the jobs' steps
   * @param clock for {@link Enrichment#enrichedAt}
   * @param metrics hears about branches and warnings
   * @param stamp makes provenances
   */
  record Shared(
      Plan plan,
      Map<String, Asker> askers,
      Executor executor,
      InstantSource clock,
      EnrichmentMetrics metrics,
      ProvenanceStamp stamp) {}

  /**
   * What a caller may choose.
   *
   * @param engineBuild version of this software, for provenance
   * @param documentsMax documents in work at once; one more is deferred as overloaded
   * @param threads that tokenise and decode
   * @param clock for the time of an enrichment
   * @param metrics hears what happens
   */
  public record Settings(
      String engineBuild,
      int documentsMax,
      int threads,
      InstantSource clock,
      EnrichmentMetrics metrics) {

    /** Refuses limits below one. */
    public Settings {
      if (documentsMax < 1 || threads < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "documentsMax and threads must be at least 1, got %d and %d",
                documentsMax,
                threads));
      }
    }

    /** Everything at its default. */
    public static Settings of(String engineBuild, InstantSource clock) {
      int cores = Runtime.getRuntime().availableProcessors();
      int threads = Math.clamp(cores / 2, 1, THREADS_MAX);
      return new Settings(engineBuild, 4096, threads, clock, EnrichmentMetrics.NONE);
    }

    public Settings withMetrics(EnrichmentMetrics other) {
      return new Settings(engineBuild, documentsMax, threads, clock, other);
    }
  }

  /**
   * An enricher for plans that ask one model.
   *
   * @param engine the model {@value Task#MAIN}; borrowed, closed by its owner, after this
   * @param plan what to ask
   * @param settings limits and clock
   * @throws PlanException if the plan does not fit the model
   */
  public EngineEnricher(InferenceEngine engine, Plan plan, Settings settings) {
    this(Map.of(Task.MAIN, engine), plan, settings);
  }

  /**
   * An enricher.
   *
   * @param engines by the name under which a plan's tasks ask for them; borrowed, closed by their
   *     owners, after this
   * @param plan what to ask
   * @param settings limits and clock
   * @throws PlanException if a task asks a model that is not there, or does not fit it
   * @throws IllegalArgumentException if there is no model {@value Task#MAIN}
   */
  public EngineEnricher(Map<String, InferenceEngine> engines, Plan plan, Settings settings) {
    if (!engines.containsKey(Task.MAIN)) {
      throw new IllegalArgumentException(
          "engines must have one named %s, got %s".formatted(Task.MAIN, engines.keySet()));
    }
    Map<String, Asker> askers = Asker.of(plan, engines);
    documentsMax = settings.documentsMax();
    executor =
        Executors.newFixedThreadPool(
            settings.threads(), Thread.ofPlatform().daemon().name("enricher-", 0).factory());
    shared =
        new Shared(
            plan,
            askers,
            executor,
            settings.clock(),
            settings.metrics(),
            ProvenanceStamp.of(plan, askers, settings.engineBuild()));
    askers.forEach((name, asker) ->
        LOG.info(
            "enricher ready: plan {}, {} tasks, parts of {} tokens, model {}{}",
            plan.fingerprint(),
            plan.tasks().stream().filter(task -> task.model().equals(name)).count(),
            asker.prompts().partTokensMax(),
            asker.model().model(),
            name.equals(Task.MAIN) ? "" : " (" + name + ")"));
  }

  @Override
  public void submit(
      Object owner, Document document, int attempt, long deadlineNanos, OutcomeListener listener) {
    if (closed) {
      listener.onDeferred(new Deferral(Deferral.Kind.ENGINE_LOST, "the enricher is closed"));
      return;
    }
    if (documents.incrementAndGet() > documentsMax) {
      documents.decrementAndGet();
      listener.onDeferred(
          new Deferral(
              Deferral.Kind.OVERLOADED,
              String.format(
                  Locale.ROOT, "%d documents are in work, as many as allowed", documentsMax)));
      return;
    }
    DocumentJob job =
        new DocumentJob(shared, owner, document, attempt, deadlineNanos, listener, this::leave);
    jobs.add(job);
    if (closed) {
      job.cancel();
    }
    job.start();
  }

  private void leave(DocumentJob job) {
    if (jobs.remove(job)) {
      documents.decrementAndGet();
    }
  }

  /** Documents in work at this moment. */
  int documentsInWork() {
    return documents.get();
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // owners are compared by identity: that is the contract
  public void cancelAll(Object owner) {
    for (DocumentJob job : jobs) {
      if (job.owner() == owner) {
        job.cancel();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    jobs.forEach(DocumentJob::cancel);
    executor.shutdown();
    try {
      if (!executor.awaitTermination(CLOSE_SECONDS_MAX, TimeUnit.SECONDS)) {
        LOG.warn("enricher threads still run {} s after close", CLOSE_SECONDS_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    jobs.forEach(DocumentJob::abandon);
  }
}
