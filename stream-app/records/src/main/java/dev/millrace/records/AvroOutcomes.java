package dev.millrace.records;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.schema.WireSerializer;
import dev.millrace.schema.avro.DeadLetterHeader;
import dev.millrace.schema.avro.DeadLetterPosition;
import dev.millrace.schema.avro.EnrichedDocument;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Output records in Avro, under schema ids that were looked up at the start. Thread-safe; never
 * waits.
 */
public final class AvroOutcomes implements OutcomeEncoder {
  private final WireSerializer<EnrichedDocument> enriched;
  private final WireSerializer<EnrichedDocument> quarantined;
  private final WireSerializer<dev.millrace.schema.avro.DeadLetter> deadLetter;
  private final String engineBuild;

  /**
   * @param ids ids of the output schemas
   * @param engineBuild version of this software
   */
  public AvroOutcomes(OutputSchemaIds ids, String engineBuild) {
    this.enriched = new WireSerializer<>(ids.enriched(), EnrichedDocument.class);
    this.quarantined = new WireSerializer<>(ids.quarantined(), EnrichedDocument.class);
    this.deadLetter =
        new WireSerializer<>(ids.deadLetter(), dev.millrace.schema.avro.DeadLetter.class);
    this.engineBuild = engineBuild;
  }

  /**
   * Ids of the output schemas.
   *
   * @param enriched in the enriched topic's subject
   * @param quarantined in the quarantine topic's subject
   * @param deadLetter in the dead-letter topic's subject
   */
  public record OutputSchemaIds(int enriched, int quarantined, int deadLetter) {}

  @Override
  public byte[] enriched(Enrichment enrichment, @Nullable SourcePosition source) {
    return enriched.serialize(EnrichedDocuments.toAvro(enrichment, source));
  }

  @Override
  public byte[] quarantined(Enrichment enrichment, @Nullable SourcePosition source) {
    return quarantined.serialize(EnrichedDocuments.toAvro(enrichment, source));
  }

  @Override
  public byte[] deadLetter(DeadLetter letter) {
    return deadLetter.serialize(
        dev.millrace.schema.avro.DeadLetter.newBuilder()
            .setReason(letter.reason().name())
            .setMessage(letter.message())
            .setSourcePosition(position(letter.position()))
            .setKey(buffer(letter.key()))
            .setValue(buffer(letter.value()))
            .setValueLength(letter.valueLength())
            .setValueSha256(letter.valueSha256().isEmpty() ? null : letter.valueSha256())
            .setValueTruncated(letter.truncated())
            .setHeaders(headers(letter.headers()))
            .setRecordTimestamp(Instant.ofEpochMilli(letter.timestamp()))
            .setAttempt(letter.attempt())
            .setRedrives(redrives(letter.headers()))
            .setEngineBuild(engineBuild)
            .setRejectedAt(Instant.ofEpochMilli(letter.rejectedAtMillis()))
            .build());
  }

  private static @Nullable DeadLetterPosition position(@Nullable SourcePosition source) {
    return source == null
        ? null
        : new DeadLetterPosition(source.topic(), source.partition(), source.offset());
  }

  /** How often the record was sent in again, as its header says. */
  private static int redrives(Headers headers) {
    Header header = headers.lastHeader(RecordHeaderNames.REDRIVES);
    if (header == null || header.value() == null) {
      return 0;
    }
    String text = new String(header.value(), StandardCharsets.US_ASCII);
    return text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
  }

  private static List<DeadLetterHeader> headers(Headers headers) {
    List<DeadLetterHeader> list = new ArrayList<>();
    for (Header header : headers) {
      list.add(new DeadLetterHeader(header.key(), buffer(header.value())));
    }
    return list;
  }

  private static @Nullable ByteBuffer buffer(byte @Nullable [] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }
}
