package dev.millrace.streams.wire;

import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.schema.avro.DeadLetter;
import dev.millrace.schema.avro.DeadLetterPosition;
import dev.millrace.schema.avro.EnrichedDocument;
import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Reads the records of the outcome topics. Thread-safe; may wait for the registry. */
public final class AvroOutcomes {

  /**
   * What a record says.
   *
   * @param id the document's; for a dead letter the record's key, if it is text, else its position
   * @param outcome what became of it; the document in it has no text
   */
  public record Read(String id, Outcome outcome) {}

  /** A record of an outcome topic that is not what was written there. */
  public static final class UnreadableOutcomeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreadableOutcomeException(ConsumerRecord<?, ?> record, String why) {
      super(
          "cannot read the outcome at %s-%d@%d: %s"
              .formatted(record.topic(), record.partition(), record.offset(), why));
    }
  }

  private final String quarantinedTopic;
  private final String deadLetterTopic;
  private final WireDeserializer<EnrichedDocument> enriched;
  private final WireDeserializer<DeadLetter> deadLetters;

  /**
   * A reader.
   *
   * @param schemas where writers' schemas come from; borrowed
   * @param quarantinedTopic its records are quarantined documents
   * @param deadLetterTopic its records are dead letters; those of any other topic are enriched
   */
  public AvroOutcomes(SchemaSource schemas, String quarantinedTopic, String deadLetterTopic) {
    this.quarantinedTopic = quarantinedTopic;
    this.deadLetterTopic = deadLetterTopic;
    this.enriched = new WireDeserializer<>(schemas, EnrichedDocument.class);
    this.deadLetters = new WireDeserializer<>(schemas, DeadLetter.class);
  }

  /**
   * Reads one record.
   *
   * @throws UnreadableOutcomeException if it was not written by this application
   */
  public Read read(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(deadLetterTopic)) {
      DeadLetter letter = value(deadLetters, record);
      return new Read(
          id(letter), new Outcome.Rejected(reason(letter, record), letter.getMessage()));
    }
    EnrichedDocument value = value(enriched, record);
    var enrichment = EnrichmentRecords.fromAvro(value);
    return new Read(
        value.getDocumentId(),
        record.topic().equals(quarantinedTopic)
            ? new Outcome.Quarantined(enrichment)
            : new Outcome.Enriched(enrichment));
  }

  private static <T extends org.apache.avro.specific.SpecificRecord> T value(
      WireDeserializer<T> wire, ConsumerRecord<byte[], byte[]> record) {
    Decoding<T> decoding =
        wire.decode(
            record.value(),
            name -> {
              Header header = record.headers().lastHeader(name);
              return header == null ? null : header.value();
            });
    return switch (decoding) {
      case Decoding.Value<T>(T value) -> value;
      case Decoding.BadFraming<T>(String why) -> throw new UnreadableOutcomeException(record, why);
      case Decoding.Undecodable<T>(String why) -> throw new UnreadableOutcomeException(record, why);
      case Decoding.InvalidText<T>(String why) -> throw new UnreadableOutcomeException(record, why);
      case Decoding.UnknownSchema<T>(String why) ->
          throw new UnreadableOutcomeException(record, why);
      case Decoding.Unavailable<T>(String why) -> throw new UnreadableOutcomeException(record, why);
    };
  }

  private static RejectReason reason(DeadLetter letter, ConsumerRecord<?, ?> record) {
    try {
      return RejectReason.valueOf(letter.getReason());
    } catch (IllegalArgumentException e) {
      throw new UnreadableOutcomeException(
          record, "this version does not know the reason " + letter.getReason());
    }
  }

  private static String id(DeadLetter letter) {
    ByteBuffer key = letter.getKey();
    if (key != null) {
      byte[] bytes = new byte[key.remaining()];
      key.duplicate().get(bytes);
      String text = StrictUtf8.decode(bytes).orElse("");
      if (!text.isBlank()) {
        return text;
      }
    }
    DeadLetterPosition from = letter.getSourcePosition();
    return "%s-%d-%d".formatted(from.getTopic(), from.getPartition(), from.getOffset());
  }
}
