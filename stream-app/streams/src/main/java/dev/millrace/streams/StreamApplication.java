package dev.millrace.streams;

import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.OpenResources;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.cluster.PartitionWatch;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.HealthKeys;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.config.WatchdogKeys;
import dev.millrace.operations.health.HealthServer;
import dev.millrace.operations.host.StateDisk;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.config.ProcessingKeys;
import dev.millrace.streams.ends.CrashTraces;
import dev.millrace.streams.ends.ProcessLog;
import dev.millrace.streams.processor.EnrichmentProcessorSupplier;
import dev.millrace.streams.processor.EnrichmentServices;
import dev.millrace.streams.processor.Intake;
import dev.millrace.streams.processor.Permits;
import dev.millrace.streams.processor.ProcessorMonitor;
import dev.millrace.streams.processor.ProcessorMonitors;
import dev.millrace.streams.processor.ProcessorOptions;
import dev.millrace.streams.processor.SourceTimestamps;
import dev.millrace.streams.processor.SubmissionGate;
import dev.millrace.streams.processor.Submitter;
import dev.millrace.streams.store.StateFiles;
import dev.millrace.streams.topics.ReplacedTopics;
import dev.millrace.streams.topology.ApplicationTopics;
import dev.millrace.streams.topology.EnrichmentTopology;
import dev.millrace.streams.topology.NativeLibraries;
import dev.millrace.streams.topology.StreamsSettings;
import dev.millrace.streams.topology.ThreadRestarts;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.kafka.streams.KafkaStreams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running application: streams, probes and metrics around a borrowed enricher, which must be
 * ready before {@link #start} and be closed after {@link #close}. Started and closed by one thread;
 * {@link #awaitEnd} and {@link #stop} may be called by others.
 */
public final class StreamApplication implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StreamApplication.class);
  private static final int RESTARTS_MAX = 5;
  private static final Duration RESTARTS_WINDOW = Duration.ofMinutes(10);
  private static final Duration QUIET_STEP = Duration.ofMillis(500);

  /** Long enough for stream tasks to say what is pending after they were assigned. */
  private static final int QUIET_LOOKS = 5;

  private final Config config;
  private final TopicLimits limits;
  private final SubmissionGate gate = new SubmissionGate();
  private final Permits permits;
  private final Intake intake;
  private final OpenResources open = new OpenResources();
  private final ExecutorService decoding;
  private final ApplicationHealth health;
  private final PrometheusMeterRegistry registry;
  private final KafkaStreams streams;
  private final KafkaStreamsMetrics kafkaMetrics;
  private final HealthServer server;
  private final Surroundings surroundings;
  private final ReplacedTopics replaced;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final ProcessLog process;
  private volatile boolean failed;

  /**
   * Builds everything and opens the port of the probes, but joins no group yet.
   *
   * @param parts what each input needs; borrowed
   * @param registry borrowed; served at {@code /metrics}
   */
  public StreamApplication(
      Config config, Function<Input, InputParts> parts, PrometheusMeterRegistry registry) {
    this.config = config;
    this.registry = registry;
    this.permits = ApplicationSettings.permits(config);
    this.intake = new Intake(config.get(ProcessingKeys.TAKEN));
    this.health =
        new ApplicationHealth(
            config.get(WatchdogKeys.STALL), System::nanoTime, this::outsideProblems, this::fail);
    this.process =
        new ProcessLog(
            config.path(AppKeys.STATE_DIR).resolve(config.get(AppKeys.ID) + ".processes"),
            new SecureRandom().nextLong(),
            CrashTraces.ofThisProcess());
    StateDisk disk = stateDisk(config);
    try {
      this.limits = new TopicLimits(config, open);
      this.decoding =
          Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("decode-", 0).factory());
      open.keep(decoding::shutdownNow);
      this.replaced =
          new ReplacedTopics(
              ApplicationTopics.changelogs(config).keySet(),
              ApplicationTopics.changelogs(config).values(),
              intake,
              this::endBecauseOfTopics);
      ProcessorMonitor monitor =
          new ProcessorMonitors(
              List.of(new ProcessorMeters(registry, InstantSource.system()), health, replaced));
      List<EnrichmentTopology.Part> topology = new ArrayList<>();
      Map<TopicSelection, String> consequences = new LinkedHashMap<>();
      Map<String, String> fingerprints = new LinkedHashMap<>();
      for (Input input : Input.all(config)) {
        InputParts needed = parts.apply(input);
        String changelog = ApplicationTopics.changelog(config, input);
        topology.add(part(input, needed, changelog, monitor));
        fingerprints.put(input.name(), needed.plan().hex());
        consequences.putAll(PartitionWatch.consequences(input.topics(), List.of(changelog)));
      }
      PlanFingerprint plan = PlanFingerprint.of(fingerprints);
      Properties properties = StreamsSettings.of(config, plan);
      this.streams = new KafkaStreams(EnrichmentTopology.build(topology, properties), properties);
      // stop() has waited as long as it may.
      open.keep(() -> streams.close(Duration.ZERO));
      this.streams.setUncaughtExceptionHandler(
          new ThreadRestarts(
              RESTARTS_MAX,
              RESTARTS_WINDOW,
              System::nanoTime,
              new ThreadFaults(disk, stopping::get, limits::read, health::broken)));
      this.streams.setStateListener(this::onState);
      this.kafkaMetrics = open.keep(new KafkaStreamsMetrics(streams));
      this.surroundings =
          new Surroundings(config, disk, plan, consequences, replaced, registry, open);
      intake.onDoubt(surroundings::lookAtTopics);
      this.server =
          open.keep(
              HealthServer.start(
                  config.get(HealthKeys.HOST),
                  config.get(HealthKeys.PORT),
                  health::live,
                  () -> health.ready().withNotes(notes()),
                  registry::scrape));
    } catch (RuntimeException | Error e) {
      open.close();
      throw e;
    }
  }

  private static StateDisk stateDisk(Config config) {
    return new StateDisk(config.path(AppKeys.STATE_DIR), AppKeys.STATE_DIR.name());
  }

  /**
   * Checks that the machine has what the application needs, which it is quick to find out.
   *
   * @throws OperationException if it has not; says what to do
   */
  public static void checkHost(Config config) {
    NativeLibraries.load();
    stateDisk(config).check();
  }

  /** The part of one input. What it needs is shared by all its stream tasks. */
  private EnrichmentTopology.Part part(
      Input input, InputParts needed, String changelog, ProcessorMonitor monitor) {
    SourceTimestamps source =
        new SourceTimestamps(limits.timestamps(), changelog, InstantSource.system());
    EnrichmentServices services =
        new EnrichmentServices(
            new Submitter(
                needed.decoder(), input.layout().tombstones(), needed.enrichers(), decoding),
            needed.encoder(),
            source,
            intake,
            limits.timestamps(),
            limits.sizes(),
            permits,
            gate,
            monitor,
            System::nanoTime,
            needed.plan().number(),
            process);
    ProcessorOptions options = ApplicationSettings.processor(config, input);
    return new EnrichmentTopology.Part(
        options.names(),
        input.topics(),
        new EnrichmentProcessorSupplier(options, services, StreamsSettings.changelogTopic(config)),
        source);
  }

  private List<String> notes() {
    List<String> notes = new ArrayList<>(surroundings.notes());
    notes.addAll(health.notes());
    notes.addAll(limits.problems());
    return notes;
  }

  /**
   * Joins the group and begins.
   *
   * @throws OperationException if it must not, or no broker answers; says what to do
   */
  public void start() {
    checkHost(config);
    // Two questions to the brokers, side by side: a start after a kill has no time to lose.
    CompletableFuture<Boolean> sizes = CompletableFuture.supplyAsync(limits::read, decoding);
    surroundings.check();
    boolean _ = sizes.join();
    kafkaMetrics.bindTo(registry);
    process.begin();
    // Kafka Streams holds its lock since it was made, and opens them when it starts.
    StateFiles.dropUnclosed(config.path(AppKeys.STATE_DIR).resolve(config.get(AppKeys.ID)));
    streams.start();
    LOG.info(
        "started: application {}, instance {}, {} threads, probes on {}:{}",
        config.get(AppKeys.ID),
        StreamsSettings.instanceId(config),
        config.get(AppKeys.THREADS),
        config.get(HealthKeys.HOST),
        server.port());
  }

  /** The port of the probes. */
  public int healthPort() {
    return server.port();
  }

  /** Documents consumed and without an outcome, in this process. */
  public long pending() {
    return health.pending();
  }

  /**
   * Waits until the application has stopped, by itself or by {@link #stop}.
   *
   * @return false if it stopped because of a fault
   */
  public boolean awaitEnd() throws InterruptedException {
    ended.await();
    return !failed;
  }

  /** Whether it has stopped because of a fault. */
  public boolean hasFailed() {
    return failed;
  }

  /** What it ended of, as far as it is known better than the log says; one line each. */
  public List<String> faults() {
    List<String> faults = new ArrayList<>(health.live().problems());
    faults.addAll(replaced.problems());
    return faults;
  }

  /** Whether the streams run. */
  public boolean isRunning() {
    return streams.state() == KafkaStreams.State.RUNNING;
  }

  /**
   * Stops: takes nothing new, waits for what is in flight, then for the stream threads, each within
   * its limit, and for neither once no broker answers. What is not finished stays pending and is
   * enriched after the next start. Idempotent.
   */
  public void stop() {
    if (!stopping.compareAndSet(false, true)) {
      return;
    }
    process.stopping();
    gate.drain();
    StreamsStop stop = new StreamsStop(surroundings::brokerIsAway, System::nanoTime);
    if (!failed) {
      drain(stop);
    }
    stop.close(streams, config.get(AppKeys.STOP_TIMEOUT));
    process.ended(failed);
    ended.countDown();
  }

  private void drain(StreamsStop stop) {
    stop.drain(
        () -> !isRunning() || permits.documentsHeld() == 0, config.get(AppKeys.DRAIN_TIMEOUT));
    long left = permits.documentsHeld();
    if (left > 0) {
      LOG.info("{} documents are still in flight: they are enriched after the next start", left);
    }
  }

  @Override
  public void close() {
    stop();
    open.close();
  }

  /**
   * Ends the application because of a topic that was made again, in the background: called on a
   * stream thread, or that of a watch.
   *
   * @param pendingFirst whether nothing is taken any more, so that what is pending comes to an end
   */
  private void endBecauseOfTopics(boolean pendingFirst) {
    Thread.ofPlatform()
        .daemon()
        .name("topics-end")
        .start(() -> {
          if (pendingFirst) {
            awaitNothingPending();
          } else {
            gate.drain();
            drain(new StreamsStop(surroundings::brokerIsAway, System::nanoTime));
          }
          fail();
        });
  }

  private void awaitNothingPending() {
    try {
      for (int quiet = 0; quiet < QUIET_LOOKS && !stopping.get(); ) {
        TimeUnit.NANOSECONDS.sleep(QUIET_STEP.toNanos());
        quiet = isRunning() && pending() == 0 ? quiet + 1 : 0;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Kafka Streams waits for its threads without a limit, and one may be stuck. */
  private void failSoon() {
    Thread.ofPlatform()
        .daemon()
        .name("fault-end")
        .start(() -> {
          try {
            TimeUnit.NANOSECONDS.sleep(config.get(AppKeys.STOP_TIMEOUT).toNanos());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          fail();
        });
  }

  private void fail() {
    failed = true;
    ended.countDown();
  }

  private void onState(KafkaStreams.State now, KafkaStreams.State before) {
    LOG.debug("streams {} -> {}", before, now);
    switch (now) {
      case ERROR -> fail();
      case NOT_RUNNING -> {
        if (!stopping.get()) {
          fail();
        }
      }
      case PENDING_ERROR -> {
        health.broken("the streams have ended because of a fault, see the log");
        failSoon();
      }
      case RUNNING -> LOG.info("running");
      case CREATED, REBALANCING, PENDING_SHUTDOWN -> {}
    }
  }

  /** What the processors cannot see. Kafka Streams itself stays RUNNING without any broker. */
  private List<String> outsideProblems() {
    List<String> problems = new ArrayList<>();
    KafkaStreams.State state = streams.state();
    if (state != KafkaStreams.State.RUNNING) {
      problems.add("the streams are " + state);
    }
    problems.addAll(surroundings.problems());
    problems.addAll(replaced.problems());
    return problems;
  }
}
