package dev.millrace.operations.deploy;

import dev.millrace.operations.EnrichmentParts;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.records.Decoded;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import dev.millrace.schema.SchemaSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads some records of an input as the application would, and says what it finds. Writes nothing
 * and belongs to no group. Used by one thread.
 */
public final class TopicSample {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final Config config;
  private final SchemaSource schemas;

  /**
   * @param schemas borrowed
   */
  public TopicSample(Config config, SchemaSource schemas) {
    this.config = config;
    this.schemas = schemas;
  }

  /**
   * The newest records of an input, at most so many.
   *
   * @throws OperationException if the topic cannot be read
   */
  public SampleReport newest(Input input, int max) {
    SampleReport report = new SampleReport();
    DocumentDecoder decoder = EnrichmentParts.decoder(input, schemas);
    TopicSelection topics = input.topics().documents();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
      List<TopicPartition> partitions =
          names(consumer, topics).stream()
              .flatMap(topic -> consumer.partitionsFor(topic).stream())
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
      // Transactions leave gaps: each partition is asked for as many as all of them shall give.
      ends.forEach((partition, end) ->
          consumer.seek(partition, Math.max(begins.getOrDefault(partition, 0L), end - max)));
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (report.records() < max
          && System.nanoTime() < deadline
          && ends.entrySet().stream()
              .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (report.records() < max) {
            report.add(decode(decoder, record), record.timestamp());
          }
        }
      }
    } catch (KafkaException e) {
      throw new OperationException(
          "cannot read a sample of topic %s: %s".formatted(topics, e.getMessage()), e);
    }
    return report;
  }

  private static List<String> names(KafkaConsumer<byte[], byte[]> consumer, TopicSelection topics) {
    return topics
        .name()
        .map(List::of)
        .orElseGet(() ->
            consumer.listTopics().keySet().stream().filter(topics::contains).sorted().toList());
  }

  private static Decoded decode(DocumentDecoder decoder, ConsumerRecord<byte[], byte[]> record) {
    return record.value() == null
        ? new Decoded.Deletion()
        : decoder.decode(
            new SourceRecord(
                new SourcePosition(record.topic(), record.partition(), record.offset()),
                record.timestamp(),
                record.key(),
                record.headers(),
                record.value()));
  }
}
