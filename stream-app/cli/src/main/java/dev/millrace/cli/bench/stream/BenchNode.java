package dev.millrace.cli.bench.stream;

import dev.millrace.cli.Signals;
import dev.millrace.enrichment.Enricher;
import dev.millrace.operations.EnrichmentParts;
import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.DocumentFormat;
import dev.millrace.operations.config.InputKeys;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.records.JsonDecoder;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.records.TextDecoder;
import dev.millrace.streams.StreamApplication;
import dev.millrace.streams.config.ApplicationSpec;
import dev.millrace.streams.topology.StreamsSettings;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;

/**
 * The process that a measurement or a test kills: the real application with a scripted enricher, or
 * the plain topology it is compared with.
 *
 * <p>Arguments: {@code enrich|pass} FILE delayMinMillis delayMaxMillis seed.
 */
public final class BenchNode {
  private static final Duration STOP = Duration.ofSeconds(20);

  private BenchNode() {}

  /** Runs until a signal comes. */
  public static void main(String[] arguments) throws InterruptedException {
    Config config = ConfigReader.read(ApplicationSpec.SPEC, Path.of(arguments[1]), Map.of());
    int exitCode =
        arguments[0].equals("pass")
            ? pass(config)
            : enrich(
                config,
                Duration.ofMillis(Long.parseLong(arguments[2])),
                Duration.ofMillis(Long.parseLong(arguments[3])),
                Long.parseLong(arguments[4]));
    System.exit(exitCode);
  }

  private static int enrich(Config config, Duration delayMin, Duration delayMax, long seed)
      throws InterruptedException {
    Map<String, Enricher> plans = new TreeMap<>();
    plans.put("", new ScriptedEnricher(delayMin, delayMax, seed));
    for (String name : config.map(InputKeys.PLANS).keySet()) {
      plans.put(name, new ScriptedEnricher(delayMin, delayMax, seed, name));
    }
    try (StreamApplication application =
        new StreamApplication(
            config,
            input ->
                new InputParts(
                    input.format() == DocumentFormat.JSON ? new JsonDecoder() : new TextDecoder(),
                    new SummaryEncoder(),
                    EnrichmentParts.choice(input, plans),
                    PlanFingerprint.of(Map.of("plan", config.get(ModelKeys.PLAN)))),
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
      Signals.onStop(application::stop);
      application.start();
      return application.awaitEnd() ? 0 : 1;
    } finally {
      plans.values().forEach(Enricher::close);
    }
  }

  /** Source to sink, with the same guarantees and client settings. */
  private static int pass(Config config) throws InterruptedException {
    Topology topology = new Topology();
    topology.addSource(
        "in",
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer(),
        config.get(TopicKeys.DOCUMENTS));
    topology.addSink(
        "out",
        config.get(TopicKeys.ENRICHED),
        new ByteArraySerializer(),
        new ByteArraySerializer(),
        "in");
    Properties properties = StreamsSettings.of(config);
    CountDownLatch stopped = new CountDownLatch(1);
    try (KafkaStreams streams = new KafkaStreams(topology, properties)) {
      Signals.onStop(stopped::countDown);
      streams.start();
      stopped.await();
      streams.close(CloseOptions.timeout(STOP));
    }
    return 0;
  }
}
