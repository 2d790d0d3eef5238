package dev.millrace.operations.outcomes;

import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.records.EnrichedDocuments;
import dev.millrace.records.Sink;
import dev.millrace.records.SourcePosition;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.schema.avro.DeadLetter;
import dev.millrace.schema.avro.EnrichedDocument;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Reads committed outcomes from the beginning of the output topics; what others have written there
 * is named and passed over. Used by one thread.
 */
public final class OutcomeReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int BATCH = 500;

  private final Config config;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final WireDeserializer<EnrichedDocument> enriched;
  private final WireDeserializer<DeadLetter> deadLetters;
  private final Consumer<String> passedOver;
  private final Map<String, Sink> sinks = new LinkedHashMap<>();
  private final List<ConsumerRecord<byte[], byte[]>> waiting = new ArrayList<>();

  /**
   * An outcome and what it is about.
   *
   * @param id the document's id; of a dead letter, its key; null if there is none
   * @param source where the document was read; null if on no topic
   * @param outcome what became of it
   */
  public record Entry(@Nullable String id, @Nullable SourcePosition source, Outcome outcome) {}

  /**
   * @param schemas borrowed
   * @param passedOver hears of each record that is no outcome: where it lies, and why
   */
  public OutcomeReader(Config config, SchemaSource schemas, Consumer<String> passedOver) {
    this.config = config;
    this.passedOver = passedOver;
    this.enriched = new WireDeserializer<>(schemas, EnrichedDocument.class);
    this.deadLetters = new WireDeserializer<>(schemas, DeadLetter.class);
    for (Input input : Input.all(config)) {
      for (Sink sink : Sink.values()) {
        sinks.put(input.topics().outputs().of(sink), sink);
      }
    }
    Map<String, Object> properties = new HashMap<>(KafkaClientProperties.consumer(config));
    properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, BATCH);
    this.consumer = new KafkaConsumer<>(properties);
    try {
      assign();
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  private void assign() {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : sinks.keySet()) {
      try {
        consumer
            .partitionsFor(topic)
            .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
      } catch (TimeoutException e) {
        throw new OperationException(
            "cannot read topic %s: it does not exist, or no broker answers at %s"
                .formatted(topic, String.join(",", config.get(KafkaKeys.BOOTSTRAP_SERVERS))),
            e);
      }
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** The next outcomes, at most {@code max}; none if none came within a moment. */
  public List<Entry> poll(long max) {
    if (waiting.isEmpty()) {
      consumer.poll(POLL).forEach(waiting::add);
    }
    List<ConsumerRecord<byte[], byte[]>> now =
        waiting.subList(0, (int) Math.min(max, waiting.size()));
    List<Entry> entries = now.stream().flatMap(record -> read(record).stream()).toList();
    now.clear();
    return entries;
  }

  private Optional<Entry> read(ConsumerRecord<byte[], byte[]> record) {
    if (sinks.get(record.topic()) == Sink.DEAD_LETTER) {
      return value(deadLetters, record).map(OutcomeReader::rejected);
    }
    if (record.value() == null && record.key() != null) {
      return Optional.of(
          new Entry(
              new String(record.key(), StandardCharsets.UTF_8), null, new Outcome.Deleted(true)));
    }
    return value(enriched, record).flatMap(document -> enriched(document, record));
  }

  private static Entry rejected(DeadLetter letter) {
    ByteBuffer key = letter.getKey();
    String id = key == null ? null : StandardCharsets.UTF_8.decode(key.duplicate()).toString();
    var from = letter.getSourcePosition();
    return new Entry(
        id,
        from == null
            ? null
            : new SourcePosition(from.getTopic(), from.getPartition(), from.getOffset()),
        new Outcome.Rejected(reason(letter), letter.getMessage()));
  }

  private Optional<Entry> enriched(
      EnrichedDocument document, ConsumerRecord<byte[], byte[]> record) {
    Enrichment enrichment;
    try {
      enrichment = EnrichedDocuments.fromAvro(document);
    } catch (DocumentException | IllegalArgumentException | IllegalStateException e) {
      // Of our schema, and yet by another writer; the message may quote the document.
      passOver(record, "it contradicts itself: " + e.getClass().getSimpleName());
      return Optional.empty();
    }
    return Optional.of(
        new Entry(
            document.getId(),
            enrichment
                .sourcePosition()
                .map(at -> new SourcePosition(at.topic(), at.partition(), at.offset()))
                .orElse(null),
            sinks.get(record.topic()) == Sink.QUARANTINED
                ? new Outcome.Quarantined(enrichment)
                : new Outcome.Enriched(enrichment)));
  }

  private void passOver(ConsumerRecord<byte[], byte[]> record, String why) {
    passedOver.accept(
        String.format(
            Locale.ROOT,
            "record %d of %s-%d is no outcome of ours and is passed over: %s",
            record.offset(),
            record.topic(),
            record.partition(),
            why));
  }

  private static RejectReason reason(DeadLetter letter) {
    try {
      return RejectReason.valueOf(letter.getReason());
    } catch (IllegalArgumentException e) {
      // Written by a newer version: shown, not refused.
      return RejectReason.INTERNAL_ERROR;
    }
  }

  private <T extends org.apache.avro.specific.SpecificRecord> Optional<T> value(
      WireDeserializer<T> deserializer, ConsumerRecord<byte[], byte[]> record) {
    Decoding<T> decoding =
        deserializer.decode(
            record.value(),
            name -> {
              Header header = record.headers().lastHeader(name);
              return header == null ? null : header.value();
            });
    switch (decoding) {
      case Decoding.Value<T>(T value) -> {
        return Optional.of(value);
      }
      case Decoding.Unavailable<T>(String message) ->
          throw new OperationException(
              String.format(
                  Locale.ROOT,
                  "cannot read record %d of %s-%d: %s",
                  record.offset(),
                  record.topic(),
                  record.partition(),
                  message));
      case Decoding.BadFraming<T>(String why) -> passOver(record, why);
      case Decoding.Undecodable<T>(String why) -> passOver(record, why);
      case Decoding.InvalidText<T>(String why) -> passOver(record, why);
      case Decoding.UnknownSchema<T>(String why) -> passOver(record, why);
      case Decoding.OtherType<T>(String type, String id) ->
          passOver(record, "its schema %s is %s".formatted(id, type));
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
