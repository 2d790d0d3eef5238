package dev.millrace.records;

import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.schema.WireFormat;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the record that an outcome is forwarded as, and sees to it that it fits its topic: a record
 * that the producer refuses would block the partition for ever. Immutable.
 */
public final class OutcomeRecords {
  private static final Logger LOG = LoggerFactory.getLogger(OutcomeRecords.class);

  /** Batch header, record header and length fields, generously. */
  private static final int RECORD_OVERHEAD = 128;

  private static final int HEADER_OVERHEAD = 10;
  private static final int MESSAGE_CHARS_MAX = 1000;

  private final OutcomeEncoder encoder;
  private final OutputTopics topics;
  private final OutcomeTimestamp timestamp;
  private final TimestampLimits limits;
  private final ToIntFunction<Sink> recordBytesMax;

  /**
   * @param encoder makes the values
   * @param topics where they go
   * @param timestamp which time the records have
   * @param limits the timestamps that the topics take
   * @param recordBytesMax bytes of the largest record that each of them takes, at present
   */
  public OutcomeRecords(
      OutcomeEncoder encoder,
      OutputTopics topics,
      OutcomeTimestamp timestamp,
      TimestampLimits limits,
      ToIntFunction<Sink> recordBytesMax) {
    this.encoder = encoder;
    this.topics = topics;
    this.timestamp = timestamp;
    this.limits = limits;
    this.recordBytesMax = recordBytesMax;
  }

  /** A record that says that a document is deleted. */
  public record Tombstone(Sink sink, byte[] key, long timestamp, Headers headers) {}

  /** The records that say so, of a document whose record has a key: it is what they delete. */
  public List<Tombstone> tombstones(Origin from, byte[] key, long nowMillis) {
    return Stream.of(Sink.ENRICHED, Sink.QUARANTINED)
        .filter(sink -> sink == Sink.ENRICHED || !topics.of(sink).equals(topics.enriched()))
        .map(sink -> {
          Headers headers = ownHeaders(from);
          return new Tombstone(sink, key, timestamp(headers, from, sink, nowMillis), headers);
        })
        .toList();
  }

  /** The record for an outcome. An outcome that cannot be written becomes a dead letter. */
  public OutputRecord route(Origin from, Outcome outcome, long nowMillis) {
    return switch (outcome) {
      case Outcome.Enriched(Enrichment enrichment) ->
          enriched(from, outcome, enrichment, Sink.ENRICHED, nowMillis);
      case Outcome.Quarantined(Enrichment enrichment) ->
          enriched(from, outcome, enrichment, Sink.QUARANTINED, nowMillis);
      case Outcome.Rejected rejected -> deadLetter(from, rejected, nowMillis);
      case Outcome.Deleted _ ->
          throw new IllegalArgumentException("a deletion is no record of one sink");
    };
  }

  private OutputRecord enriched(
      Origin from, Outcome outcome, Enrichment enrichment, Sink sink, long nowMillis) {
    byte[] value;
    try {
      value =
          sink == Sink.ENRICHED
              ? encoder.enriched(enrichment, from.position())
              : encoder.quarantined(enrichment, from.position());
    } catch (RuntimeException e) {
      // Thrown on the stream thread, it would come back with the document after each restart.
      return deadLetter(from, fault("the enrichment cannot be written", from.name(), e), nowMillis);
    }
    return fitting(record(from, outcome, enrichment, sink, value, nowMillis), from, nowMillis);
  }

  /** A fault of this software that one record brought about: told in the log, and no more. */
  public static Outcome.Rejected fault(String what, String name, Throwable e) {
    LOG.error("{}: document {}, a fault of this software", what, name, withoutMessage(e));
    return new Outcome.Rejected(RejectReason.INTERNAL_ERROR, what + ": " + e.getClass().getName());
  }

  /** Where it happened, without the message: a message of others may quote the document. */
  private static Throwable withoutMessage(Throwable fault) {
    Throwable trace = new IllegalStateException(fault.getClass().getName());
    trace.setStackTrace(fault.getStackTrace());
    return trace;
  }

  private OutputRecord fitting(OutputRecord record, Origin from, long nowMillis) {
    if (fits(record)) {
      return record;
    }
    long size = size(record.key(), record.headers(), record.value().length);
    return deadLetter(
        from,
        new Outcome.Rejected(
            RejectReason.OUTCOME_TOO_LARGE,
            String.format(
                    Locale.ROOT,
                    "the record would have %d bytes, the topic takes %d; raise its "
                        + "max.message.bytes and topics.record.bytes.max",
                    size,
                    recordBytesMax.applyAsInt(record.sink()))
                + " or ask for shorter answers"),
        nowMillis);
  }

  private OutputRecord record(
      Origin from,
      Outcome outcome,
      Enrichment enrichment,
      Sink sink,
      byte[] value,
      long nowMillis) {
    byte[] key = from.key();
    if (key == null) {
      key = enrichment.document().id().getBytes(StandardCharsets.UTF_8);
    }
    RecordHeaders headers = ownHeaders(from);
    return new OutputRecord(
        sink, outcome, key, value, timestamp(headers, from, sink, nowMillis), headers);
  }

  /**
   * The document's headers, ours in place of any that look like them; without the one that names
   * the schema of its value, for the outcome's value has another.
   */
  private static RecordHeaders ownHeaders(Origin from) {
    RecordHeaders headers = new RecordHeaders();
    for (Header header : from.headers()) {
      if (!header.key().startsWith(RecordHeaderNames.PREFIX)
          && !header.key().equals(WireFormat.VALUE_HEADER)) {
        headers.add(header);
      }
    }
    addProvenance(headers, from);
    return headers;
  }

  /** A timestamp that the topic takes; a header says the document's where that is another. */
  private long timestamp(Headers headers, Origin from, Sink sink, long nowMillis) {
    long wanted = timestamp == OutcomeTimestamp.DOCUMENT ? from.timestamp() : nowMillis;
    long allowed = limits.allowed(topics.of(sink), wanted, nowMillis);
    if (allowed != from.timestamp()) {
      add(headers, RecordHeaderNames.SOURCE_TIMESTAMP, Long.toString(from.timestamp()));
    }
    return allowed;
  }

  /** The dead letter; of a record whose key or headers cannot be written, with its value alone. */
  private OutputRecord deadLetter(Origin from, Outcome.Rejected rejected, long nowMillis) {
    byte[] value = from.value().get();
    try {
      return fittingDeadLetter(from, rejected, value, nowMillis);
    } catch (UnwritableException e) {
      throw e;
    } catch (RuntimeException e) {
      Outcome.Rejected _ = fault("the dead letter cannot be written whole", from.name(), e);
      return fittingDeadLetter(from.bare(), rejected, value, nowMillis);
    }
  }

  /** The dead letter: all of the record if it fits, else as much of its value as does. */
  private OutputRecord fittingDeadLetter(
      Origin from, Outcome.Rejected rejected, byte @Nullable [] value, long nowMillis) {
    OutputRecord whole = deadLetter(from, rejected, value, value, nowMillis);
    if (fits(whole)) {
      return whole;
    }
    OutputRecord empty = deadLetter(from, rejected, value, new byte[0], nowMillis);
    Origin kept = from;
    if (!fits(empty)) {
      // Key and headers alone do not fit: keep the bytes that matter.
      kept = from.bare();
      empty = deadLetter(kept, rejected, value, new byte[0], nowMillis);
    }
    int bytesMax = recordBytesMax.applyAsInt(Sink.DEAD_LETTER);
    long room =
        bytesMax - size(empty.key(), empty.headers(), empty.value().length) - RECORD_OVERHEAD;
    byte[] cut = value == null ? null : Arrays.copyOf(value, Math.clamp(room, 0, value.length));
    OutputRecord letter = deadLetter(kept, rejected, value, cut, nowMillis);
    if (!fits(letter)) {
      throw new UnwritableException(
          String.format(
              Locale.ROOT,
              "cannot write the dead letter of document %s: it has %d bytes without the document,"
                  + " topic %s takes %d; raise max.message.bytes of the topic",
              from.name(),
              size(empty.key(), empty.headers(), empty.value().length),
              topics.of(Sink.DEAD_LETTER),
              bytesMax));
    }
    return letter;
  }

  /**
   * @param original the record's value
   * @param kept as much of it as the dead letter holds; the same object if all
   */
  @SuppressWarnings("ReferenceEquality") // a copy of equal length would be a cut one
  private OutputRecord deadLetter(
      Origin from,
      Outcome.Rejected rejected,
      byte @Nullable [] original,
      byte @Nullable [] kept,
      long nowMillis) {
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
                from.position(),
                from.timestamp(),
                from.key(),
                from.headers(),
                kept,
                original == null ? 0 : original.length,
                original == null ? "" : sha256(original),
                kept != original,
                from.attempts(),
                nowMillis));
    long timestamp = timestamp(headers, from, Sink.DEAD_LETTER, nowMillis);
    return new OutputRecord(Sink.DEAD_LETTER, rejected, from.key(), encoded, timestamp, headers);
  }

  private boolean fits(OutputRecord record) {
    return size(record.key(), record.headers(), record.value().length)
        <= recordBytesMax.applyAsInt(record.sink());
  }

  /** An upper bound of a record's bytes in a batch of its own. */
  public static long size(byte @Nullable [] key, Headers headers, int valueLength) {
    long size = RECORD_OVERHEAD + (key == null ? 0L : key.length) + valueLength;
    for (Header header : headers) {
      size += HEADER_OVERHEAD + 3L * header.key().length();
      byte[] value = header.value();
      size += value == null ? 0 : value.length;
    }
    return size;
  }

  private static void addProvenance(Headers headers, Origin from) {
    SourcePosition position = from.position();
    if (position != null) {
      add(headers, RecordHeaderNames.SOURCE_TOPIC, position.topic());
      add(headers, RecordHeaderNames.SOURCE_PARTITION, Integer.toString(position.partition()));
      add(headers, RecordHeaderNames.SOURCE_OFFSET, Long.toString(position.offset()));
      add(headers, RecordHeaderNames.MESSAGE_ID, position.toString());
    }
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
