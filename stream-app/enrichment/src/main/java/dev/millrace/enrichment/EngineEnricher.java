package dev.millrace.enrichment;

import dev.millrace.engine.InferenceEngine;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
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
  private static final Duration CLOSE_MAX = Duration.ofSeconds(30);

  private final Shared shared;
  private final Steps steps;
  private final Set<DocumentJob> jobs = ConcurrentHashMap.newKeySet();
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
   * @param threads run the steps between the model's answers; borrowed
   * @param clock for the time of an enrichment
   * @param metrics hears what happens
   */
  public record Settings(
      String engineBuild, Executor threads, InstantSource clock, EnrichmentMetrics metrics) {

    /** Without metrics. */
    public static Settings of(String engineBuild, Executor threads, InstantSource clock) {
      return new Settings(engineBuild, threads, clock, EnrichmentMetrics.NONE);
    }

    public Settings withMetrics(EnrichmentMetrics other) {
      return new Settings(engineBuild, threads, clock, other);
    }
  }

  /**
   * An enricher for plans that ask one model.
   *
   * @param engine the model {@value Task#MAIN}; borrowed, closed by its owner, after this
   * @param plan what to ask
   * @param settings threads, clock and metrics
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
   * @param settings threads, clock and metrics
   * @throws PlanException if a task asks a model that is not there, or does not fit it
   * @throws IllegalArgumentException if there is no model {@value Task#MAIN}
   */
  public EngineEnricher(Map<String, InferenceEngine> engines, Plan plan, Settings settings) {
    if (!engines.containsKey(Task.MAIN)) {
      throw new IllegalArgumentException(
          "engines must have one named %s, got %s".formatted(Task.MAIN, engines.keySet()));
    }
    Map<String, Asker> askers = Asker.of(plan, engines);
    steps = new Steps(settings.threads());
    shared =
        new Shared(
            plan,
            askers,
            steps,
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
      listener.onDeferred(new Deferral(Deferral.Cause.ENGINE_LOST, "the enricher is closed"));
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
    jobs.remove(job);
  }

  /** Documents in work at this moment. */
  int documentsInWork() {
    return jobs.size();
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
    try {
      if (!steps.close(CLOSE_MAX)) {
        LOG.warn("steps of documents still run {} s after close", CLOSE_MAX.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    jobs.forEach(DocumentJob::abandon);
  }
}
