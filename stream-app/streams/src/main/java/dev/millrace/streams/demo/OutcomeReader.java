package dev.millrace.streams.demo;

import dev.millrace.enrichment.Outcome;
import dev.millrace.streams.processor.RecordHeaderNames;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/**
 * Reads the three outcome topics from their beginning, committed records only. Owned by one thread;
 * owns its consumer.
 */
final class OutcomeReader implements AutoCloseable {

  /** Turns a record of an outcome topic into an outcome. */
  @FunctionalInterface
  interface Decoder {

    /** What the record says; its topic tells which kind it is. */
    Decoded decode(ConsumerRecord<byte[], byte[]> record);
  }

  /**
   * A decoded record.
   *
   * @param id the document's
   */
  record Decoded(String id, Outcome outcome) {}

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Decoder decoder;

  /**
   * @param properties of a consumer of bytes that sees committed records only
   * @param topics outcome topics; they exist
   */
  OutcomeReader(Map<String, Object> properties, List<String> topics, Decoder decoder) {
    this.consumer = new KafkaConsumer<>(properties);
    this.decoder = decoder;
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : topics) {
      consumer
          .partitionsFor(topic)
          .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** What has arrived, waiting at most {@code wait} for something. */
  List<Outcomes.Seen> poll(Duration wait) {
    List<Outcomes.Seen> seen = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(wait)) {
      Decoded decoded = decoder.decode(record);
      seen.add(new Outcomes.Seen(source(record), decoded.id(), decoded.outcome()));
    }
    return seen;
  }

  private static Outcomes.Position source(ConsumerRecord<byte[], byte[]> record) {
    return new Outcomes.Position(
        Integer.parseInt(header(record, RecordHeaderNames.SOURCE_PARTITION)),
        Long.parseLong(header(record, RecordHeaderNames.SOURCE_OFFSET)));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    if (header == null) {
      throw new IllegalStateException(
          "the record at %s-%d@%d has no header %s"
              .formatted(record.topic(), record.partition(), record.offset(), name));
    }
    return new String(header.value(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
