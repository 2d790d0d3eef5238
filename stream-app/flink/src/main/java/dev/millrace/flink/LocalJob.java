package dev.millrace.flink;

import dev.millrace.operations.ModelEngines;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job on a cluster in this process, which listens on the loopback address only. Opened and
 * closed by one thread.
 */
public final class LocalJob implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalJob.class);
  private static final String LOOPBACK = "127.0.0.1";
  private static final int RESTARTS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Models cannot travel with the job; they need not, in one process. */
  private static final Map<JobConfig, Supplier<Parts>> PARTS = new ConcurrentHashMap<>();

  private final JobConfig job;
  private final MiniCluster cluster;
  private final JobID id;
  private final CompletableFuture<JobResult> result;

  private LocalJob(JobConfig job, MiniCluster cluster, JobID id) {
    this.job = job;
    this.cluster = cluster;
    this.id = id;
    this.result = cluster.requestJobResult(id);
  }

  /**
   * Starts a cluster and the job on it.
   *
   * @param file the configuration; what the cluster keeps on disk goes below its directory
   * @param subtasks of each step
   * @param build version of this software, for provenance
   * @param meters owned from here on
   * @param models asked for once; owned from here on
   */
  public static LocalJob start(
      Path file, int subtasks, String build, MeterRegistry meters, Supplier<ModelEngines> models)
      throws InterruptedException {
    JobConfig job = JobConfig.read(file, Map.of());
    Config config = job.parse();
    Configuration settings = settings(Path.of(job.directory()).resolve("flink"));
    PARTS.put(job, () -> Parts.open(config, build, meters, models));
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(settings)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(subtasks)
                .build());
    try {
      cluster.start();
      JobGraph graph = graph(job, settings, subtasks);
      cluster.submitJob(graph).get();
      return new LocalJob(job, cluster, graph.getJobID());
    } catch (InterruptedException e) {
      close(job, cluster);
      throw e;
    } catch (Exception e) {
      close(job, cluster);
      throw new OperationException("cannot start the Flink job: " + rootCause(e), e);
    }
  }

  private static JobGraph graph(JobConfig job, Configuration settings, int subtasks) {
    StreamExecutionEnvironment environment = new StreamExecutionEnvironment(settings);
    environment.setParallelism(subtasks);
    new EnrichmentJob(job, _ -> opened(job)).addTo(environment);
    return environment.getStreamGraph().getJobGraph();
  }

  private static Parts opened(JobConfig job) {
    Supplier<Parts> parts = PARTS.get(job);
    if (parts == null) {
      throw new IllegalStateException("the local job is closed");
    }
    return parts.get();
  }

  private static Configuration settings(Path directory) {
    Configuration settings = new Configuration();
    settings.set(CoreOptions.TMP_DIRS, directory.toString());
    settings.set(WebOptions.TMP_DIR, directory.toString());
    settings.set(RestOptions.ADDRESS, LOOPBACK);
    settings.set(RestOptions.BIND_ADDRESS, LOOPBACK);
    settings.set(RestOptions.BIND_PORT, "0");
    settings.set(JobManagerOptions.ADDRESS, LOOPBACK);
    settings.set(JobManagerOptions.BIND_HOST, LOOPBACK);
    settings.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
    settings.set(TaskManagerOptions.HOST, LOOPBACK);
    settings.set(BlobServerOptions.PORT, "0");
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, RESTARTS);
    settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofSeconds(1));
    return settings;
  }

  /** Why the job has ended by itself; empty while it runs. */
  public Optional<String> failure() {
    if (!result.isDone()) {
      return Optional.empty();
    }
    JobResult ended = result.getNow(null);
    return Optional.of(
        "the Flink job has ended (%s)%s"
            .formatted(
                ended.getJobStatus().map(JobStatus::toString).orElse("no state"),
                ended.getSerializedThrowable().map(fault -> ": " + rootCause(fault)).orElse("")));
  }

  private static String rootCause(Throwable fault) {
    Throwable cause = fault;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  /** Cancels the job, waits until it has left the cluster, and stops that. */
  @Override
  public void close() {
    try {
      if (!result.isDone()) {
        cluster.cancelJob(id).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        result.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the Flink job could not be cancelled: {}", rootCause(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close(job, cluster);
    }
  }

  private static void close(JobConfig job, MiniCluster cluster) {
    try {
      cluster.closeAsync().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the local Flink cluster could not be stopped: {}", rootCause(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      PARTS.remove(job);
    }
  }
}
