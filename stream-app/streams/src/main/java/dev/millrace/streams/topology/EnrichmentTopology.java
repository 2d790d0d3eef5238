package dev.millrace.streams.topology;

import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.config.Topics;
import dev.millrace.records.Sink;
import dev.millrace.streams.processor.NodeNames;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;

/**
 * For each input: documents → enrich (store: pending) → enriched, quarantined, dead letter. Inputs
 * share no node, so that each has stream tasks of its own.
 */
public final class EnrichmentTopology {

  private EnrichmentTopology() {}

  /**
   * The part of one input.
   *
   * @param names of its nodes
   * @param topics that it reads and writes
   * @param supplier makes its processors and their store
   * @param timestamps gives each consumed record its timestamp
   */
  public record Part(
      NodeNames names,
      Topics topics,
      ProcessorSupplier<byte[], byte[], byte[], byte[]> supplier,
      TimestampExtractor timestamps) {}

  /** The topology over raw bytes. */
  public static Topology build(List<Part> parts, Properties streamsProperties) {
    Topology topology = new Topology(new TopologyConfig(new StreamsConfig(streamsProperties)));
    parts.forEach(part -> add(topology, part));
    return topology;
  }

  private static void add(Topology topology, Part part) {
    NodeNames names = part.names();
    addSource(topology, part);
    topology.addProcessor(names.enrich(), part.supplier(), names.source());
    for (Sink sink : Sink.values()) {
      topology.addSink(
          names.sink(sink),
          part.topics().outputs().of(sink),
          new ByteArraySerializer(),
          new ByteArraySerializer(),
          names.enrich());
    }
  }

  private static void addSource(Topology topology, Part part) {
    AutoOffsetReset asConfigured = null;
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    switch (part.topics().documents()) {
      case TopicSelection.Named(String topic) ->
          topology.addSource(
              asConfigured, part.names().source(), part.timestamps(), bytes, bytes, topic);
      case TopicSelection.Matching topics ->
          topology.addSource(
              asConfigured,
              part.names().source(),
              part.timestamps(),
              bytes,
              bytes,
              topics.pattern());
    }
  }
}
