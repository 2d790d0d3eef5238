package dev.millrace.streams.processor;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
   * @param record the record
   */
  record Routed(String child, Outcome outcome, Record<byte[], byte[]> record) {}

  /**
   * A consumed record, stored or not.
   *
   * @param attempts attempts made, the last one included
   */
  record Consumed(
      PendingId id,
      String topic,
      long timestamp,
      byte @Nullable [] key,
      Headers headers,
      byte @Nullable [] value,
      int attempts) {

    static Consumed of(PendingId id, Envelope envelope) {
      return new Consumed(
          id,
          envelope.topic(),
          envelope.timestamp(),
          envelope.key(),
          envelope.headers(),
          envelope.value(),
          envelope.attempts() + 1);
    }

    /** The same without key and headers. */
    Consumed bare() {
      return new Consumed(id, topic, timestamp, null, new RecordHeaders(), value, attempts);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(OutcomeRecords.class);

  /** Batch header, record header and length fields, generously. */
  private static final int RECORD_OVERHEAD = 128;

  private static final int HEADER_OVERHEAD = 10;
  private static final int MESSAGE_CHARS_MAX = 1000;

  private final OutcomeEncoder encoder;
  private final TimestampLimits limits;
  private final int recordBytesMax;

  OutcomeRecords(OutcomeEncoder encoder, TimestampLimits limits, int recordBytesMax) {
    this.encoder = encoder;
    this.limits = limits;
    this.recordBytesMax = recordBytesMax;
  }

  /** The record for an outcome. An outcome that cannot be written becomes a dead letter. */
  Routed route(Consumed from, Outcome outcome, long nowMillis) {
    return switch (outcome) {
      case Outcome.Enriched(Enrichment enrichment) ->
          enriched(from, outcome, enrichment, EnrichmentProcessor.ENRICHED, nowMillis);
      case Outcome.Quarantined(Enrichment enrichment) ->
          enriched(from, outcome, enrichment, EnrichmentProcessor.QUARANTINED, nowMillis);
      case Outcome.Rejected rejected -> deadLetter(from, rejected, nowMillis);
    };
  }

  private Routed enriched(
      Consumed from, Outcome outcome, Enrichment enrichment, String child, long nowMillis) {
    byte[] value;
    try {
      value =
          child.equals(EnrichmentProcessor.ENRICHED)
              ? encoder.enriched(enrichment, from.topic(), from.id())
              : encoder.quarantined(enrichment, from.topic(), from.id());
    } catch (RuntimeException e) {
      // Thrown on the stream thread, it would come back with the document after each restart.
      return deadLetter(from, fault("the enrichment cannot be written", from.id(), e), nowMillis);
    }
    return fitting(
        new Routed(child, outcome, record(from, enrichment, child, value, nowMillis)),
        from,
        nowMillis);
  }

  /** A fault of this software that one record brought about: told in the log, and no more. */
  static Outcome.Rejected fault(String what, PendingId id, Throwable e) {
    LOG.error("{}: document {}, a fault of this software", what, id, withoutMessage(e));
    return new Outcome.Rejected(RejectReason.INTERNAL_ERROR, what + ": " + e.getClass().getName());
  }

  /** Where it happened, without the message: a message of others may quote the document. */
  private static Throwable withoutMessage(Throwable fault) {
    Throwable trace = new IllegalStateException(fault.getClass().getName());
    trace.setStackTrace(fault.getStackTrace());
    return trace;
  }

  private Routed fitting(Routed routed, Consumed from, long nowMillis) {
    Record<byte[], byte[]> record = routed.record();
    long size = size(record.key(), record.headers(), record.value().length);
    if (size <= recordBytesMax) {
      return routed;
    }
    return deadLetter(
        from,
        new Outcome.Rejected(
            RejectReason.OUTCOME_TOO_LARGE,
            String.format(
                    Locale.ROOT,
                    "the record would have %d bytes, the topic takes %d; raise "
                        + "topics.record.bytes.max",
                    size,
                    recordBytesMax)
                + " or ask for shorter answers"),
        nowMillis);
  }

  private Record<byte[], byte[]> record(
      Consumed from, Enrichment enrichment, String child, byte[] value, long nowMillis) {
    byte[] key = from.key();
    if (key == null) {
      key = enrichment.document().id().getBytes(StandardCharsets.UTF_8);
    }
    RecordHeaders headers = new RecordHeaders();
    for (Header header : from.headers()) {
      if (!header.key().startsWith(RecordHeaderNames.PREFIX)) {
        headers.add(header);
      }
    }
    addProvenance(headers, from);
    return new Record<>(key, value, timestamp(headers, from, child, nowMillis), headers);
  }

  /**
   * The document's timestamp if the topic takes it, else one that it takes, which a header says.
   */
  private long timestamp(Headers headers, Consumed from, String child, long nowMillis) {
    long allowed = limits.allowed(child, from.timestamp(), nowMillis);
    if (allowed != from.timestamp()) {
      add(headers, RecordHeaderNames.SOURCE_TIMESTAMP, Long.toString(from.timestamp()));
    }
    return allowed;
  }

  /** The dead letter; of a record whose key or headers cannot be written, with its value alone. */
  private Routed deadLetter(Consumed from, Outcome.Rejected rejected, long nowMillis) {
    try {
      return fittingDeadLetter(from, rejected, nowMillis);
    } catch (RuntimeException e) {
      Outcome.Rejected _ = fault("the dead letter cannot be written whole", from.id(), e);
      return fittingDeadLetter(from.bare(), rejected, nowMillis);
    }
  }

  /** The dead letter: all of the record if it fits, else as much of its value as does. */
  private Routed fittingDeadLetter(Consumed from, Outcome.Rejected rejected, long nowMillis) {
    byte[] value = from.value();
    Record<byte[], byte[]> whole = deadLetter(from, rejected, value, false, nowMillis);
    if (fits(whole)) {
      return new Routed(EnrichmentProcessor.DEAD_LETTER, rejected, whole);
    }
    Record<byte[], byte[]> empty = deadLetter(from, rejected, new byte[0], true, nowMillis);
    Consumed kept = from;
    if (!fits(empty)) {
      // Key and headers alone do not fit: keep the bytes that matter.
      kept = from.bare();
      empty = deadLetter(kept, rejected, new byte[0], true, nowMillis);
    }
    long room =
        recordBytesMax - size(empty.key(), empty.headers(), empty.value().length) - RECORD_OVERHEAD;
    byte[] cut = value == null ? null : Arrays.copyOf(value, Math.clamp(room, 0, value.length));
    return new Routed(
        EnrichmentProcessor.DEAD_LETTER,
        rejected,
        deadLetter(kept, rejected, cut, true, nowMillis));
  }

  private Record<byte[], byte[]> deadLetter(
      Consumed from,
      Outcome.Rejected rejected,
      byte @Nullable [] value,
      boolean truncated,
      long nowMillis) {
    byte[] original = from.value();
    String message = cut(rejected.message());
    RecordHeaders headers = new RecordHeaders();
    addProvenance(headers, from);
    add(headers, RecordHeaderNames.REASON, rejected.reason().name());
    add(headers, RecordHeaderNames.MESSAGE, message);
    byte[] encoded =
        encoder.deadLetter(
            new DeadLetter(
                rejected.reason(),
                message,
                from.topic(),
                from.id(),
                from.timestamp(),
                from.key(),
                from.headers(),
                value,
                original == null ? 0 : original.length,
                original == null ? "" : sha256(original),
                truncated,
                from.attempts(),
                nowMillis));
    long timestamp = timestamp(headers, from, EnrichmentProcessor.DEAD_LETTER, nowMillis);
    return new Record<>(from.key(), encoded, timestamp, headers);
  }

  private boolean fits(Record<byte[], byte[]> record) {
    return size(record.key(), record.headers(), record.value().length) <= recordBytesMax;
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

  private static void addProvenance(Headers headers, Consumed from) {
    PendingId id = from.id();
    add(headers, RecordHeaderNames.SOURCE_TOPIC, from.topic());
    add(headers, RecordHeaderNames.SOURCE_PARTITION, Integer.toString(id.partition()));
    add(headers, RecordHeaderNames.SOURCE_OFFSET, Long.toString(id.offset()));
    add(
        headers,
        RecordHeaderNames.MESSAGE_ID,
        from.topic() + "-" + id.partition() + "-" + id.offset());
    add(headers, RecordHeaderNames.ATTEMPT, Integer.toString(from.attempts()));
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private static String cut(String message) {
    if (message.length() <= MESSAGE_CHARS_MAX) {
      return message;
    }
    boolean insidePair = Character.isLowSurrogate(message.charAt(MESSAGE_CHARS_MAX));
    return message.substring(0, insidePair ? MESSAGE_CHARS_MAX - 1 : MESSAGE_CHARS_MAX);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
