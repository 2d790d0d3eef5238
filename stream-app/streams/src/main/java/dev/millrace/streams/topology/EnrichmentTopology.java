package dev.millrace.streams.topology;

import dev.millrace.operations.config.Topics;
import dev.millrace.records.Sink;
import dev.millrace.streams.processor.EnrichmentProcessor;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;

/**
 * documents → enrich (store: pending) → enriched, quarantined, dead letter. Names are part of the
 * changelog topic's name: changing one loses what is pending.
 */
public final class EnrichmentTopology {
  private static final String SOURCE = "documents";
  private static final String ENRICH = "enrich";

  private EnrichmentTopology() {}

  /**
   * The topology over raw bytes.
   *
   * @param supplier makes the processors and their store
   * @param timestamps gives each consumed record its timestamp
   */
  public static Topology build(
      Topics topics,
      ProcessorSupplier<byte[], byte[], byte[], byte[]> supplier,
      TimestampExtractor timestamps,
      Properties streamsProperties) {
    Topology topology = new Topology(new TopologyConfig(new StreamsConfig(streamsProperties)));
    topology
        .addSource(
            (org.apache.kafka.streams.AutoOffsetReset) null,
            SOURCE,
            timestamps,
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            topics.documents())
        .addProcessor(ENRICH, supplier, SOURCE);
    for (Sink sink : Sink.values()) {
      topology.addSink(
          EnrichmentProcessor.node(sink),
          topics.outputs().of(sink),
          new ByteArraySerializer(),
          new ByteArraySerializer(),
          ENRICH);
    }
    return topology;
  }
}
