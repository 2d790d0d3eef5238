package dev.millrace.operations.deadletter;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.schema.avro.DeadLetter;
import dev.millrace.schema.avro.DeadLetterHeader;
import dev.millrace.schema.avro.DeadLetterPosition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Copies dead letters back to the topics they came from, each exactly once: copies and progress are
 * one transaction. Each reason has progress of its own, so that a run for one reason does not pass
 * over the others for good. Two runs at once fence each other. Used by one thread.
 */
public final class Redrive {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final int BATCH = 200;

  private final Config config;
  private final String application;
  private final Set<RejectReason> reasons;
  private final long max;
  private final WireDeserializer<DeadLetter> deserializer;
  private final List<TopicSelection> inputs;
  private final Map<RejectReason, Map<TopicPartition, Long>> progress =
      new EnumMap<>(RejectReason.class);
  private long copied;
  private long cutOff;
  private long unreadable;
  private long foreign;

  /**
   * @param application its name: progress and transactions are kept under it
   * @param reasons which dead letters; at least one
   * @param max most that are copied
   * @param schemas borrowed
   */
  public Redrive(
      Config config,
      String application,
      Set<RejectReason> reasons,
      long max,
      SchemaSource schemas) {
    if (reasons.isEmpty()) {
      throw new IllegalArgumentException("at least one reason");
    }
    this.config = config;
    this.application = application;
    this.reasons = Set.copyOf(reasons);
    this.max = max;
    this.deserializer = new WireDeserializer<>(schemas, DeadLetter.class);
    this.inputs = Input.all(config).stream().map(input -> input.topics().documents()).toList();
  }

  /**
   * What was done.
   *
   * @param copied dead letters copied to the input topics
   * @param cutOff passed over: they hold only a part of their document
   * @param unreadable passed over: not a dead letter of ours
   * @param foreign passed over: read from a topic that is no input
   */
  public record Result(long copied, long cutOff, long unreadable, long foreign) {}

  /** Reads the dead letters that are there now and copies those that are asked for. */
  public Result run() {
    Map<String, Object> properties = new HashMap<>(KafkaClientProperties.producer(config));
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, application + "-redrive");
    Map<String, Object> reading = new HashMap<>(KafkaClientProperties.consumer(config));
    reading.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, BATCH);
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(reading);
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
      List<TopicPartition> partitions = deadLetters(consumer);
      // Opening the transactions waits for what another run may have left unfinished.
      producer.initTransactions();
      readProgress();
      consumer.assign(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
      for (TopicPartition partition : partitions) {
        consumer.seek(partition, Math.max(begins.getOrDefault(partition, 0L), first(partition)));
      }
      while (copied < max
          && ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        copy(producer, consumer.poll(POLL), ends);
      }
    }
    return new Result(copied, cutOff, unreadable, foreign);
  }

  private List<TopicPartition> deadLetters(KafkaConsumer<byte[], byte[]> consumer) {
    return Input.all(config).stream()
        .map(input -> input.topics().outputs().deadLetter())
        .distinct()
        .flatMap(topic ->
            consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition())))
        .toList();
  }

  private void copy(
      KafkaProducer<byte[], byte[]> producer,
      ConsumerRecords<byte[], byte[]> records,
      Map<TopicPartition, Long> ends) {
    if (records.isEmpty()) {
      return;
    }
    producer.beginTransaction();
    try {
      for (ConsumerRecord<byte[], byte[]> record : records) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        if (copied >= max) {
          break;
        }
        // What arrived after the start may be the answer to what was copied: not again.
        if (record.offset() < ends.getOrDefault(partition, 0L)) {
          copy(producer, record, partition);
        }
      }
      for (RejectReason reason : reasons) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        progress
            .getOrDefault(reason, Map.of())
            .forEach((partition, next) -> offsets.put(partition, new OffsetAndMetadata(next)));
        if (!offsets.isEmpty()) {
          producer.sendOffsetsToTransaction(offsets, metadata(group(reason)));
        }
      }
      producer.commitTransaction();
    } catch (KafkaException e) {
      producer.abortTransaction();
      throw e;
    }
  }

  private void copy(
      KafkaProducer<byte[], byte[]> producer,
      ConsumerRecord<byte[], byte[]> record,
      TopicPartition partition) {
    DeadLetter letter = read(record);
    RejectReason reason = letter == null ? null : reason(letter.getReason());
    boolean wanted = reason != null && reasons.contains(reason);
    boolean isNew = reason != null && record.offset() >= next(reason, partition);
    if (letter != null && wanted && isNew) {
      String input = input(letter);
      if (letter.getValueTruncated()) {
        cutOff++;
      } else if (input == null) {
        foreign++;
      } else {
        // A failed send fails the commit of the transaction.
        Future<RecordMetadata> _ = producer.send(again(letter, input));
        copied++;
      }
    }
    for (RejectReason one : reasons) {
      progress
          .computeIfAbsent(one, _ -> new HashMap<>())
          .merge(partition, record.offset() + 1, Math::max);
    }
  }

  private @Nullable DeadLetter read(ConsumerRecord<byte[], byte[]> record) {
    return switch (deserializer.decode(
        record.value(), name -> value(record.headers().lastHeader(name)))) {
      case Decoding.Value<DeadLetter>(DeadLetter letter) -> letter;
      case Decoding.Unavailable<DeadLetter>(String message) ->
          throw new IllegalStateException("cannot read dead letters: " + message);
      default -> {
        unreadable++;
        yield null;
      }
    };
  }

  /** Where a document came from; where there is one input only, that. */
  private @Nullable String input(DeadLetter letter) {
    DeadLetterPosition from = letter.getSourcePosition();
    if (from != null && inputs.stream().anyMatch(input -> input.contains(from.getTopic()))) {
      return from.getTopic();
    }
    return inputs.size() == 1 ? inputs.getFirst().name().orElse(null) : null;
  }

  /** The original record, marked as sent in again. */
  private ProducerRecord<byte[], byte[]> again(DeadLetter letter, String input) {
    Headers headers = new RecordHeaders();
    for (DeadLetterHeader header : letter.getHeaders()) {
      if (!header.getName().startsWith(RecordHeaderNames.PREFIX)) {
        headers.add(header.getName(), bytes(header.getValue()));
      }
    }
    headers.add(
        RecordHeaderNames.REDRIVES,
        Integer.toString(letter.getRedrives() + 1).getBytes(StandardCharsets.US_ASCII));
    return new ProducerRecord<>(
        input, null, null, bytes(letter.getKey()), bytes(letter.getValue()), headers);
  }

  private void readProgress() {
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      for (RejectReason reason : reasons) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin
            .listConsumerGroupOffsets(group(reason))
            .partitionsToOffsetAndMetadata()
            .get()
            .forEach((partition, offset) -> {
              if (offset != null) {
                offsets.put(partition, offset.offset());
              }
            });
        progress.put(reason, offsets);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while reading how far re-drives have come", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "cannot read how far re-drives have come: " + e.getCause(), e);
    }
  }

  /**
   * The only way to name a group without joining it; joined groups would be one for each reason.
   */
  @SuppressWarnings("removal")
  private static ConsumerGroupMetadata metadata(String group) {
    return new ConsumerGroupMetadata(group);
  }

  private long first(TopicPartition partition) {
    return reasons.stream().mapToLong(reason -> next(reason, partition)).min().orElse(0);
  }

  private long next(RejectReason reason, TopicPartition partition) {
    return progress.getOrDefault(reason, Map.of()).getOrDefault(partition, 0L);
  }

  private String group(RejectReason reason) {
    return "%s-redrive-%s".formatted(application, reason);
  }

  private static @Nullable RejectReason reason(String name) {
    for (RejectReason reason : RejectReason.values()) {
      if (reason.name().equals(name)) {
        return reason;
      }
    }
    return null;
  }

  private static byte @Nullable [] value(@Nullable Header header) {
    return header == null ? null : header.value();
  }

  private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
