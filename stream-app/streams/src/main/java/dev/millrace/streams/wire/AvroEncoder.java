package dev.millrace.streams.wire;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.schema.WireSerializer;
import dev.millrace.schema.avro.DeadLetterHeader;
import dev.millrace.schema.avro.DeadLetterPosition;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.schema.avro.SourcePosition;
import dev.millrace.streams.processor.DeadLetter;
import dev.millrace.streams.processor.OutcomeEncoder;
import dev.millrace.streams.processor.PendingId;
import dev.millrace.streams.processor.RecordHeaderNames;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes as Avro in Confluent wire format, under schema ids that were looked up at the start.
 * Thread-safe; never waits.
 */
public final class AvroEncoder implements OutcomeEncoder {

  /**
   * The registry's ids of the output schemas.
   *
   * @param enriched for the enriched topic
   * @param quarantined for the quarantine topic
   * @param deadLetter for the dead-letter topic
   */
  public record SchemaIds(int enriched, int quarantined, int deadLetter) {}

  private final WireSerializer<EnrichedDocument> enriched;
  private final WireSerializer<EnrichedDocument> quarantined;
  private final WireSerializer<dev.millrace.schema.avro.DeadLetter> deadLetters;
  private final String engineBuild;

  /**
   * An encoder.
   *
   * @param engineBuild version of this software, for dead letters
   */
  public AvroEncoder(SchemaIds ids, String engineBuild) {
    this.enriched = new WireSerializer<>(ids.enriched(), EnrichedDocument.class);
    this.quarantined = new WireSerializer<>(ids.quarantined(), EnrichedDocument.class);
    this.deadLetters =
        new WireSerializer<>(ids.deadLetter(), dev.millrace.schema.avro.DeadLetter.class);
    this.engineBuild = engineBuild;
  }

  @Override
  public byte[] enriched(Enrichment enrichment, String topic, PendingId source) {
    return enriched.serialize(EnrichmentRecords.toAvro(enrichment, position(topic, source)));
  }

  @Override
  public byte[] quarantined(Enrichment enrichment, String topic, PendingId source) {
    return quarantined.serialize(EnrichmentRecords.toAvro(enrichment, position(topic, source)));
  }

  @Override
  public byte[] deadLetter(DeadLetter letter) {
    return deadLetters.serialize(
        dev.millrace.schema.avro.DeadLetter.newBuilder()
            .setReason(letter.reason().name())
            .setMessage(letter.message())
            .setSourcePosition(
                new DeadLetterPosition(
                    letter.topic(), letter.source().partition(), letter.source().offset()))
            .setKey(bytes(letter.key()))
            .setValue(bytes(letter.value()))
            .setValueLength(letter.valueLength())
            .setValueSha256(EnrichmentRecords.orNull(letter.valueSha256()))
            .setValueTruncated(letter.truncated())
            .setHeaders(headers(letter.headers()))
            .setRecordTimestamp(Instant.ofEpochMilli(letter.timestamp()))
            .setAttempt(letter.attempt())
            .setRedrives(redrives(letter.headers()))
            .setEngineBuild(engineBuild)
            .setRejectedAt(Instant.ofEpochMilli(letter.rejectedAtMillis()))
            .build());
  }

  private static SourcePosition position(String topic, PendingId source) {
    return new SourcePosition(topic, source.partition(), source.offset());
  }

  private static List<DeadLetterHeader> headers(Headers headers) {
    List<DeadLetterHeader> all = new ArrayList<>();
    for (Header header : headers) {
      all.add(new DeadLetterHeader(header.key(), bytes(header.value())));
    }
    return all;
  }

  /** A count that cannot be read is none: headers come from outside. */
  private static int redrives(Headers headers) {
    Header header = headers.lastHeader(RecordHeaderNames.REDRIVES);
    if (header == null || header.value() == null) {
      return 0;
    }
    String text = new String(header.value(), StandardCharsets.UTF_8);
    return text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
  }

  private static @Nullable ByteBuffer bytes(byte @Nullable [] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }
}
