package dev.millrace.streams.processor;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Makes the record that an outcome is forwarded as, and sees to it that it fits its topic: a record
 * that the producer refuses would block the partition for ever. Immutable.
 */
final class OutcomeRecords {

  /**
   * A record and the node it goes to.
   *
   * @param child name of the sink
   * @param outcome what it says; differs from the outcome asked for if that did not fit
   */
  record Routed(String child, Outcome outcome, Record<byte[], byte[]> record) {}

  /** Batch header, record header and length fields, generously. */
  private static final int RECORD_OVERHEAD = 128;

  private static final int HEADER_OVERHEAD = 10;
  private static final int MESSAGE_CHARS_MAX = 1000;

  private final OutcomeEncoder encoder;
  private final int recordBytesMax;

  OutcomeRecords(OutcomeEncoder encoder, int recordBytesMax) {
    this.encoder = encoder;
    this.recordBytesMax = recordBytesMax;
  }

  /** The record for an outcome. */
  Routed route(PendingId id, Envelope envelope, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Enriched(Enrichment enrichment) ->
          fitting(
              EnrichmentProcessor.ENRICHED,
              id,
              envelope,
              outcome,
              enrichment,
              encoder.enriched(enrichment, envelope.topic(), id));
      case Outcome.Quarantined(Enrichment enrichment) ->
          fitting(
              EnrichmentProcessor.QUARANTINED,
              id,
              envelope,
              outcome,
              enrichment,
              encoder.quarantined(enrichment, envelope.topic(), id));
      case Outcome.Rejected rejected ->
          deadLetter(
              id,
              envelope.topic(),
              envelope.timestamp(),
              envelope.key(),
              envelope.headers(),
              envelope.value(),
              envelope.attempts() + 1,
              rejected);
    };
  }

  private Routed fitting(
      String child,
      PendingId id,
      Envelope envelope,
      Outcome outcome,
      Enrichment enrichment,
      byte[] value) {
    byte[] key = envelope.key();
    if (key == null) {
      key = enrichment.document().id().getBytes(StandardCharsets.UTF_8);
    }
    Headers headers = headers(id, envelope.topic(), envelope.headers(), envelope.attempts() + 1);
    long size = size(key, headers, value.length);
    if (size > recordBytesMax) {
      return route(
          id,
          envelope,
          new Outcome.Rejected(
              RejectReason.OUTCOME_TOO_LARGE,
              "the record would have %d bytes, the topic takes %d; raise topics.record.bytes.max"
                      .formatted(size, recordBytesMax)
                  + " or ask for shorter answers"));
    }
    return new Routed(child, outcome, new Record<>(key, value, envelope.timestamp(), headers));
  }

  /** The dead letter: the original bytes, and why, in headers. */
  Routed deadLetter(
      PendingId id,
      String topic,
      long timestamp,
      byte @Nullable [] originalKey,
      Headers originalHeaders,
      byte @Nullable [] original,
      int attempt,
      Outcome.Rejected rejected) {
    byte[] key = originalKey;
    Headers headers = headers(id, topic, originalHeaders, attempt);
    add(headers, RecordHeaderNames.REASON, rejected.reason().name());
    add(headers, RecordHeaderNames.MESSAGE, cut(rejected.message()));
    byte[] value = original;
    if (value != null && size(key, headers, value.length) > recordBytesMax) {
      // Room for the two headers that say what is missing.
      long room = recordBytesMax - size(key, headers, 0) - 256;
      if (room < 0) {
        // Key and headers alone do not fit: keep the bytes that matter.
        key = null;
        headers = headers(id, topic, new RecordHeaders(), attempt);
        add(headers, RecordHeaderNames.REASON, rejected.reason().name());
        add(headers, RecordHeaderNames.MESSAGE, cut(rejected.message()));
        room = Math.max(0, recordBytesMax - size(null, headers, 0) - 256);
      }
      add(headers, RecordHeaderNames.ORIGINAL_BYTES, Integer.toString(value.length));
      add(headers, RecordHeaderNames.ORIGINAL_SHA256, sha256(value));
      value = Arrays.copyOf(value, Math.toIntExact(Math.min(room, value.length)));
    }
    return new Routed(
        EnrichmentProcessor.DEAD_LETTER, rejected, new Record<>(key, value, timestamp, headers));
  }

  /** An upper bound of a record's bytes in a batch of its own. */
  static long size(byte @Nullable [] key, Headers headers, int valueLength) {
    long size = RECORD_OVERHEAD + (key == null ? 0L : key.length) + valueLength;
    for (Header header : headers) {
      size += HEADER_OVERHEAD + 3L * header.key().length();
      byte[] value = header.value();
      size += value == null ? 0 : value.length;
    }
    return size;
  }

  private static Headers headers(PendingId id, String topic, Headers original, int attempt) {
    RecordHeaders headers = new RecordHeaders();
    for (Header header : original) {
      if (!header.key().startsWith(RecordHeaderNames.PREFIX)
          || header.key().equals(RecordHeaderNames.REDRIVES)) {
        headers.add(header);
      }
    }
    add(headers, RecordHeaderNames.SOURCE_TOPIC, topic);
    add(headers, RecordHeaderNames.SOURCE_PARTITION, Integer.toString(id.partition()));
    add(headers, RecordHeaderNames.SOURCE_OFFSET, Long.toString(id.offset()));
    add(
        headers,
        RecordHeaderNames.MESSAGE_ID,
        "%s-%d-%d".formatted(topic, id.partition(), id.offset()));
    add(headers, RecordHeaderNames.ATTEMPT, Integer.toString(attempt));
    return headers;
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private static String cut(String message) {
    return message.length() <= MESSAGE_CHARS_MAX
        ? message
        : message.substring(0, MESSAGE_CHARS_MAX);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
