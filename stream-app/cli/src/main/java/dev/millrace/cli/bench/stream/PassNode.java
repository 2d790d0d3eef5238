package dev.millrace.cli.bench.stream;

import dev.millrace.cli.Signals;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.streams.config.ApplicationSpec;
import dev.millrace.streams.topology.StreamsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;

/**
 * The process that the application is compared with: from source to sink and nothing between, with
 * the same guarantees and client settings.
 *
 * <p>Argument: the configuration file.
 */
public final class PassNode {
  private static final Duration STOP = Duration.ofSeconds(20);

  private PassNode() {}

  /** Runs until a signal comes. */
  public static void main(String[] arguments) throws InterruptedException {
    pass(ConfigReader.read(ApplicationSpec.SPEC, Path.of(arguments[0]), Map.of()));
    System.exit(0);
  }

  private static void pass(Config config) throws InterruptedException {
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
  }
}
