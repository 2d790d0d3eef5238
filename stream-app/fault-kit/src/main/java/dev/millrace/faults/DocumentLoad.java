package dev.millrace.faults;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.records.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Produces made-up documents and remembers which were acknowledged. Used by one thread. */
public final class DocumentLoad {
  /** Header with a document's number in its load. */
  static final String NUMBER = "load.number";

  private DocumentLoad() {}

  /**
   * Writes {@code count} documents under the keys {@code d-0}, {@code d-1} and so on, {@code keys}
   * different ones.
   *
   * @param text of a document by its number
   * @return where they were written
   */
  public static Set<SourcePosition> produce(
      Config config, int count, int keys, IntFunction<String> text) {
    return produceBytes(
        config, count, keys, number -> text.apply(number).getBytes(StandardCharsets.UTF_8));
  }

  /** The same with the whole values. */
  public static Set<SourcePosition> produceBytes(
      Config config, int count, int keys, IntFunction<byte[]> value) {
    String topic = config.get(TopicKeys.DOCUMENTS);
    return produceRecords(
        config, count, number -> record(topic, number, keys, value.apply(number)));
  }

  /** A record with its number in a header, so that each is told from all others. */
  static ProducerRecord<byte[], byte[]> record(String topic, int number, int keys, byte[] value) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic, ("d-" + number % keys).getBytes(StandardCharsets.UTF_8), value);
    record.headers().add(NUMBER, Integer.toString(number).getBytes(StandardCharsets.US_ASCII));
    return record;
  }

  /** The same with the whole records. */
  public static Set<SourcePosition> produceRecords(
      Config config, int count, IntFunction<ProducerRecord<byte[], byte[]>> record) {
    Set<SourcePosition> acknowledged = new HashSet<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(KafkaClientProperties.producer(config))) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        sent.add(producer.send(record.apply(i)));
      }
      producer.flush();
      for (Future<RecordMetadata> future : sent) {
        RecordMetadata metadata = future.get();
        acknowledged.add(
            new SourcePosition(metadata.topic(), metadata.partition(), metadata.offset()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while producing", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot produce: " + e.getCause(), e);
    }
    return acknowledged;
  }
}
