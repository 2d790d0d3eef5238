package dev.millrace.operations.deadletter;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.deadletter.RedriveProgress.Kind;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Copies dead letters back to the topics they came from, each exactly once: copies and progress are
 * one transaction. Of two runs at once the later one fences the earlier, which stops. A document
 * that was re-driven often enough is passed over: what always fails would go round for ever. Used
 * by one thread.
 */
public final class Redrive {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final int BATCH = 200;

  private final Config config;
  private final String application;
  private final Set<RejectReason> reasons;
  private final long max;
  private final int redrivesMax;
  private final WireDeserializer<DeadLetter> deserializer;
  private final List<TopicSelection> inputs;
  private final RedriveProgress progress;
  private long copied;
  private long cutOff;
  private long unreadable;
  private long foreign;
  private long exhausted;

  /**
   * @param application its name: progress and transactions are kept under it
   * @param reasons which dead letters; at least one
   * @param max most that are copied
   * @param redrivesMax how often a document is re-driven at most, over all runs
   * @param schemas borrowed
   */
  public Redrive(
      Config config,
      String application,
      Set<RejectReason> reasons,
      long max,
      int redrivesMax,
      SchemaSource schemas) {
    if (reasons.isEmpty()) {
      throw new IllegalArgumentException("at least one reason");
    }
    this.config = config;
    this.application = application;
    this.reasons = Set.copyOf(reasons);
    this.max = max;
    this.redrivesMax = redrivesMax;
    this.deserializer = new WireDeserializer<>(schemas, DeadLetter.class);
    this.inputs = Input.all(config).stream().map(input -> input.topics().documents()).toList();
    this.progress = new RedriveProgress(config, application);
  }

  /**
   * What was done.
   *
   * @param copied dead letters copied to the input topics
   * @param cutOff passed over: they hold only a part of their document
   * @param unreadable passed over: not a dead letter of ours
   * @param foreign passed over: read from a topic that is no input
   * @param exhausted left for a run with a higher limit: re-driven often enough
   */
  public record Result(long copied, long cutOff, long unreadable, long foreign, long exhausted) {}

  /**
   * Reads the dead letters that are there now and copies those that are asked for.
   *
   * @throws OperationException if another run has begun meanwhile, or progress cannot be known
   */
  public Result run() {
    Map<String, Object> properties = new HashMap<>(KafkaClientProperties.producer(config));
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, application + "-redrive");
    Map<String, Object> reading = new HashMap<>(KafkaClientProperties.consumer(config));
    reading.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, BATCH);
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(reading);
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
      List<TopicPartition> partitions = deadLetters(consumer);
      // Opening the transactions fences another run and waits for what it may have left unfinished.
      producer.initTransactions();
      progress.read(partitions.stream().map(TopicPartition::topic).distinct().toList());
      consumer.assign(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
      for (TopicPartition partition : partitions) {
        consumer.seek(partition, Math.max(begins.getOrDefault(partition, 0L), first(partition)));
      }
      while (copied < max
          && ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        inTransaction(producer, () -> copy(producer, records, ends));
      }
      if (copied < max) {
        // So that the next run begins here, also for kinds of which there was none.
        ends.forEach((partition, end) -> kinds().forEach(k -> progress.advance(k, partition, end)));
        inTransaction(producer, () -> {});
      }
    }
    return new Result(copied, cutOff, unreadable, foreign, exhausted);
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

  /** Copies and what they advance, or neither. */
  private void inTransaction(KafkaProducer<byte[], byte[]> producer, Runnable copy) {
    producer.beginTransaction();
    try {
      copy.run();
      for (ProducerRecord<byte[], byte[]> change : progress.changes()) {
        Future<RecordMetadata> _ = producer.send(change);
      }
      // A send that failed fails it.
      producer.commitTransaction();
    } catch (RuntimeException e) {
      if (isFenced(e)) {
        throw new OperationException(
            "another re-drive of application %s has begun, and this one stops: the other one goes on"
                    .formatted(application)
                + " from where this one was",
            e);
      }
      try {
        producer.abortTransaction();
      } catch (KafkaException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  /** The producer says so of its first call, and of the following ones that they came too late. */
  private static boolean isFenced(Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof ProducerFencedException || t instanceof InvalidProducerEpochException) {
        return true;
      }
    }
    return false;
  }

  private void copy(
      KafkaProducer<byte[], byte[]> producer,
      ConsumerRecords<byte[], byte[]> records,
      Map<TopicPartition, Long> ends) {
    for (ConsumerRecord<byte[], byte[]> record : records) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      if (copied >= max) {
        return;
      }
      // What arrived after the start may be the answer to what was copied: not again.
      if (record.offset() < ends.getOrDefault(partition, 0L)) {
        copy(producer, record, partition);
      }
    }
  }

  private void copy(
      KafkaProducer<byte[], byte[]> producer,
      ConsumerRecord<byte[], byte[]> record,
      TopicPartition partition) {
    DeadLetter letter = read(record);
    RejectReason reason = letter == null ? null : reason(letter.getReason());
    if (letter == null || reason == null || !reasons.contains(reason)) {
      return;
    }
    Kind kind = new Kind(reason, letter.getRedrives());
    if (kind.redrives() >= redrivesMax) {
      exhausted++;
      return;
    }
    if (record.offset() < progress.next(kind, partition)) {
      return;
    }
    String input = input(letter);
    if (letter.getValueTruncated()) {
      cutOff++;
    } else if (input == null) {
      foreign++;
    } else {
      Future<RecordMetadata> _ = producer.send(again(letter, input));
      copied++;
    }
    progress.advance(kind, partition, record.offset() + 1);
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

  private List<Kind> kinds() {
    return reasons.stream()
        .flatMap(reason ->
            IntStream.range(0, redrivesMax).mapToObj(redrives -> new Kind(reason, redrives)))
        .toList();
  }

  private long first(TopicPartition partition) {
    return kinds().stream().mapToLong(kind -> progress.next(kind, partition)).min().orElse(0);
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
