package dev.millrace.cli.demo;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.Progress;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.enrichment.Document;
import dev.millrace.operations.ModelEngines;
import dev.millrace.operations.OpenResources;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.operations.config.RegistryKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.operations.metrics.EngineMeters;
import dev.millrace.operations.outcomes.OutcomeReader;
import dev.millrace.records.DocumentEncoder;
import dev.millrace.records.SourcePosition;
import dev.millrace.schema.RegistryClient;
import dev.millrace.servers.LocalServers;
import dev.millrace.servers.PrivateDirectory;
import dev.millrace.servers.ServerOptions;
import dev.millrace.servers.StartListener;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * Everything the demo starts, in the order it is started, closed in reverse. Owned by the command's
 * thread.
 */
final class DemoRun implements AutoCloseable {

  private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(10);
  private static final int LAST_LOOKS = 5;

  private final Pipeline pipeline;
  private final Path modelDirectory;
  private final EngineOptions options;
  private final Progress progress;
  private final long startedNanos;

  /**
   * Nobody kills this broker: while the model takes every core, a heartbeat of it may be late, and
   * the controller must not take it for dead.
   */
  private static final ServerOptions BROKER =
      ServerOptions.BROKER.with("broker.session.timeout.ms", "60000");

  private final OpenResources open = new OpenResources();
  private final Outcomes outcomes = new Outcomes();
  private @org.jspecify.annotations.Nullable Stack stack;

  /** What is there once everything has started. */
  private record Stack(
      Config config,
      Path configFile,
      int documentSchemaId,
      OutcomeReader reader,
      Pipeline.Running pipeline,
      EngineMeters engineMeters) {}

  /**
   * @param startedNanos {@link System#nanoTime} at which the program began
   */
  DemoRun(
      Pipeline pipeline,
      Path modelDirectory,
      EngineOptions options,
      Progress progress,
      long startedNanos) {
    this.pipeline = pipeline;
    this.modelDirectory = modelDirectory;
    this.options = options;
    this.progress = progress;
    this.startedNanos = startedNanos;
  }

  /** Starts servers and model side by side, then the pipeline. */
  void start() throws InterruptedException {
    PrivateDirectory directory = open.keep(PrivateDirectory.create());
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    EngineMeters engineMeters = new EngineMeters(meters);
    ExecutorService loading =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("load-model").factory());
    Future<InferenceEngine> engineLoad = loading.submit(() -> openEngine(engineMeters));
    loading.shutdown();
    open.keep(() -> closeLate(engineLoad));
    LocalServers servers =
        open.keep(LocalServers.start(BROKER, ServerOptions.REGISTRY, new Announcer(progress)));
    Path file = writeConfig(directory.path(), servers);
    Config config = ConfigReader.read(pipeline.spec(), file, Map.of());
    try (TopicDeployment deployment = pipeline.topics(config)) {
      deployment.create();
    }
    RegistryClient registry =
        open.keep(RegistryClient.create(SchemaDeployment.settings(config, REGISTRY_PATIENCE)));
    SchemaDeployment schemas = new SchemaDeployment(config, registry);
    schemas.register();
    progress.stage("topics created, schemas registered");

    InferenceEngine engine = await(engineLoad);
    Pipeline.Running running =
        open.keep(pipeline.start(config, file, meters, () -> ModelEngines.of(engine)));
    OutcomeReader reader = open.keep(new OutcomeReader(config, registry, progress::stage));
    stack =
        new Stack(
            config,
            file,
            schemas.documentId(config.get(TopicKeys.DOCUMENTS)),
            reader,
            running,
            engineMeters);
    progress.stage(running.ready());
  }

  /**
   * Sends documents and waits until each has an outcome.
   *
   * @param first hears each outcome when it is read for the first time
   */
  Totals enrich(List<Document> documents, Consumer<Outcomes.Seen> first)
      throws InterruptedException {
    Stack running = running();
    long sentNanos = System.nanoTime();
    produce(documents, running);
    progress.stage(String.format(Locale.ROOT, "%d documents sent", documents.size()));
    long firstNanos = 0;
    long lastNanos = System.nanoTime();
    Stillness stillness = new Stillness(System::nanoTime);
    while (outcomes.size() < documents.size()) {
      List<Outcomes.Seen> batch = read(running);
      long now = System.nanoTime();
      for (Outcomes.Seen seen : batch) {
        if (outcomes.add(seen)) {
          first.accept(seen);
        }
      }
      if (!batch.isEmpty()) {
        if (firstNanos == 0) {
          firstNanos = now;
          progress.stage("first outcome");
        }
        lastNanos = now;
      }
      progress.count("documents enriched", outcomes.size(), documents.size());
      checkAlive(
          running,
          documents.size() - outcomes.size(),
          stillness.tooLong(outcomes.size(), running.engineMeters().rows()));
    }
    // One more look: a duplicate would come after the last one that was waited for.
    for (int look = 0; look < LAST_LOOKS; look++) {
      read(running).forEach(outcomes::add);
    }
    return Totals.of(
        outcomes.all().stream().map(Outcomes.Seen::outcome).toList(),
        Duration.ofNanos(firstNanos - startedNanos),
        Duration.ofNanos(lastNanos - sentNanos));
  }

  private static List<Outcomes.Seen> read(Stack running) {
    return running.reader().poll(Long.MAX_VALUE).stream()
        .map(entry ->
            new Outcomes.Seen(
                Objects.requireNonNull(entry.source(), "what was read has a position"),
                String.valueOf(entry.id()),
                entry.outcome()))
        .toList();
  }

  /** Outcomes in the order they were read. */
  List<Outcomes.Seen> outcomes() {
    return outcomes.all();
  }

  /** What contradicts exactly-once. */
  List<String> faults() {
    return outcomes.faults();
  }

  /** How to go on by hand while everything keeps running. */
  String invitation() {
    Stack running = running();
    return String.format(
        Locale.ROOT,
        """

        Everything keeps running until Ctrl-C. In another terminal:
          ./millrace produce --config %1$s --input documents.jsonl
          ./millrace tail --config %1$s
        Broker %2$s, registry %3$s%4$s\
        """,
        running.configFile(),
        String.join(",", running.config().get(KafkaKeys.BOOTSTRAP_SERVERS)),
        String.join(",", running.config().get(RegistryKeys.URL)),
        running.pipeline().pages());
  }

  private void produce(List<Document> documents, Stack running) throws InterruptedException {
    DocumentEncoder bytes = DocumentEncoder.avro(running.documentSchemaId());
    String topic = running.config().get(TopicKeys.DOCUMENTS);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(KafkaClientProperties.producer(running.config()))) {
      for (Document document : documents) {
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    topic, document.id().getBytes(StandardCharsets.UTF_8), bytes.of(document))));
      }
      producer.flush();
    }
    for (int i = 0; i < sent.size(); i++) {
      RecordMetadata at = await(sent.get(i));
      outcomes.produced(
          new SourcePosition(at.topic(), at.partition(), at.offset()), documents.get(i).id());
    }
  }

  private static void checkAlive(Stack running, int missing, boolean still) {
    running
        .pipeline()
        .failure()
        .ifPresent(message -> {
          throw CommandException.failure(message);
        });
    if (still) {
      throw CommandException.failure(
          String.format(
              Locale.ROOT,
              "no outcome and no step of the engine for %s with %d documents to come",
              Progress.readable(Stillness.LIMIT),
              missing));
    }
  }

  private InferenceEngine openEngine(EngineMeters meters) {
    InferenceEngine engine = EngineFactory.open(modelDirectory, options, meters);
    progress.stage(
        "model %s loaded on %s (%s, %s)"
            .formatted(
                engine.model().name(),
                engine.model().backend().name(),
                engine.model().backend().device(),
                engine.model().backend().arithmetic()));
    return engine;
  }

  private Path writeConfig(Path directory, LocalServers servers) {
    String yaml =
        """
        kafka.bootstrap.servers: %s
        schema.registry.url: %s
        topics.partitions: 4
        topics.replication.factor: 1
        model.dir: %s
        %s\
        """
            .formatted(
                servers.broker().bootstrapServers(),
                servers.registry().url(),
                modelDirectory.toAbsolutePath(),
                pipeline.settings(directory));
    Path file = directory.resolve("millrace.yaml");
    try {
      return Files.writeString(file, yaml);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  private Stack running() {
    Stack running = stack;
    if (running == null) {
      throw new IllegalStateException("start() comes first");
    }
    return running;
  }

  /** The engine may still be loading when everything is torn down; closing it twice is no harm. */
  private static void closeLate(Future<InferenceEngine> load) throws Exception {
    try {
      load.get().close();
    } catch (ExecutionException e) {
      // It never opened; whoever waited for it has reported why.
    }
  }

  private static <T> T await(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    open.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells of the servers as they come up. */
  private record Announcer(Progress progress) implements StartListener {
    @Override
    public void onStarting(String server, Path log) {}

    @Override
    public void onReady(String server, String address, Duration took) {
      progress.stage("%s ready at %s".formatted(server, address));
    }
  }
}
