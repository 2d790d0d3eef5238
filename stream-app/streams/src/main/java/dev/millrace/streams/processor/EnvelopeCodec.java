package dev.millrace.streams.processor;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of an {@link Envelope}. Immutable.
 *
 * <p>Version 4, big endian: version (1 byte), attempts (4), restarts, reason of the dead letter,
 * plan (8), first seen (8), timestamp (8), topic, key, number of headers (4), name and value of
 * each, value. Restarts: crashes (4), unexplained ends (4), ends alone (4), trial (1), number of
 * processes (1), a place (8) for each that there may be, so that the length does not change.
 * Version 3 has other restarts: a count (4), whether alone (1), process (8); its counts were of any
 * ends and are dropped. Version 2 has no plan, version 1 no restarts either. A text or byte string
 * is its length (4 bytes, -1 for absent) and its bytes. Later versions keep reading the earlier
 * ones: a new build finds the pending documents of the old one.
 */
final class EnvelopeCodec {
  static final byte VERSION = 4;

  private static final byte WITH_PLAIN_RESTARTS = 3;
  private static final byte WITHOUT_PLAN = 2;
  private static final byte WITHOUT_RESTARTS = 1;

  private static final int RESTARTS_BYTES =
      3 * Integer.BYTES + 2 + Restarts.PROCESSES_MAX * Long.BYTES;

  private static final int ABSENT = -1;

  private EnvelopeCodec() {}

  /**
   * Length of what {@link #encode} gives for a document of a topic, but for its value.
   *
   * @param topic where it was read
   */
  static long sizeBesideValue(String topic, byte @Nullable [] key, Headers headers) {
    long size =
        1 + Integer.BYTES + RESTARTS_BYTES + Integer.BYTES + 3L * Long.BYTES + Integer.BYTES;
    size += Integer.BYTES + topic.getBytes(StandardCharsets.UTF_8).length;
    size += Integer.BYTES + length(key);
    for (Header header : headers) {
      size += Integer.BYTES + header.key().getBytes(StandardCharsets.UTF_8).length;
      size += Integer.BYTES + length(header.value());
    }
    return size + Integer.BYTES;
  }

  static byte[] encode(Envelope envelope) {
    SourceRecord record = envelope.record();
    byte[] value = record.value();
    String topic = topic(record);
    byte[] reason = reason(envelope.rejected());
    long size =
        sizeBesideValue(topic, record.key(), record.headers()) + length(reason) + length(value);
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(size));
    buffer.put(VERSION).putInt(envelope.attempts());
    put(buffer, envelope.restarts());
    put(buffer, reason);
    buffer.putLong(envelope.plan());
    buffer.putLong(envelope.firstSeenMillis()).putLong(record.timestamp());
    put(buffer, topic.getBytes(StandardCharsets.UTF_8));
    put(buffer, record.key());
    Header[] headers = record.headers().toArray();
    buffer.putInt(headers.length);
    for (Header header : headers) {
      put(buffer, header.key().getBytes(StandardCharsets.UTF_8));
      put(buffer, header.value());
    }
    put(buffer, value);
    return buffer.array();
  }

  private static String topic(SourceRecord record) {
    SourcePosition position = record.position();
    if (position == null) {
      throw new IllegalArgumentException("a record that was read has a position");
    }
    return position.topic();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @param id its key in the store
   */
  static Envelope decode(PendingId id, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    try {
      byte version = buffer.get();
      if (version < WITHOUT_RESTARTS || version > VERSION) {
        throw broken(
            String.format(
                Locale.ROOT,
                "version %d, this build reads up to %d; start a newer build",
                version,
                VERSION));
      }
      int attempts = buffer.getInt();
      Restarts restarts = restarts(version, buffer);
      RejectReason rejected = version < VERSION ? null : rejected(get(buffer));
      long plan = version <= WITHOUT_PLAN ? Envelope.UNKNOWN_PLAN : buffer.getLong();
      long firstSeenMillis = buffer.getLong();
      long timestamp = buffer.getLong();
      String topic = new String(required(buffer), StandardCharsets.UTF_8);
      byte[] key = get(buffer);
      RecordHeaders headers = new RecordHeaders();
      int count = buffer.getInt();
      for (int i = 0; i < count; i++) {
        headers.add(new String(required(buffer), StandardCharsets.UTF_8), get(buffer));
      }
      byte[] value = get(buffer);
      if (buffer.hasRemaining()) {
        throw broken(buffer.remaining() + " bytes after the end");
      }
      SourcePosition position = new SourcePosition(topic, id.partition(), id.offset());
      SourceRecord record = new SourceRecord(position, timestamp, key, headers, value);
      return new Envelope(record, firstSeenMillis, attempts, plan, restarts, rejected);
    } catch (BufferUnderflowException e) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "cannot read a pending document: cut off after %d bytes", bytes.length),
          e);
    }
  }

  private static byte @Nullable [] reason(@Nullable RejectReason rejected) {
    return rejected == null ? null : rejected.name().getBytes(StandardCharsets.UTF_8);
  }

  private static @Nullable RejectReason rejected(byte @Nullable [] name) {
    if (name == null) {
      return null;
    }
    String text = new String(name, StandardCharsets.UTF_8);
    try {
      return RejectReason.valueOf(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(
          "cannot read a pending document: this build does not know its reason; start a newer one",
          e);
    }
  }

  private static void put(ByteBuffer buffer, Restarts restarts) {
    buffer.putInt(restarts.crashes()).putInt(restarts.unexplained()).putInt(restarts.alone());
    buffer.put(code(restarts.trial())).put((byte) restarts.processes().size());
    for (int i = 0; i < Restarts.PROCESSES_MAX; i++) {
      buffer.putLong(i < restarts.processes().size() ? restarts.processes().get(i) : 0);
    }
  }

  private static byte code(Restarts.Trial trial) {
    return switch (trial) {
      case NONE -> 0;
      case GROUP -> 1;
      case ALONE -> 2;
    };
  }

  private static Restarts.Trial trial(byte code) {
    return switch (code) {
      case 0 -> Restarts.Trial.NONE;
      case 1 -> Restarts.Trial.GROUP;
      case 2 -> Restarts.Trial.ALONE;
      default -> throw broken(String.format(Locale.ROOT, "trial %d", code));
    };
  }

  private static Restarts restarts(byte version, ByteBuffer buffer) {
    if (version == WITHOUT_RESTARTS) {
      return Restarts.unknown();
    }
    if (version <= WITH_PLAIN_RESTARTS) {
      int _ = buffer.getInt();
      byte _ = buffer.get();
      return Restarts.none(buffer.getLong());
    }
    int crashes = buffer.getInt();
    int unexplained = buffer.getInt();
    int alone = buffer.getInt();
    Restarts.Trial trial = trial(buffer.get());
    byte processes = buffer.get();
    if (processes < 0 || processes > Restarts.PROCESSES_MAX) {
      throw broken(
          String.format(
              Locale.ROOT, "%d processes, at most %d", processes, Restarts.PROCESSES_MAX));
    }
    List<Long> open = new ArrayList<>();
    for (int i = 0; i < Restarts.PROCESSES_MAX; i++) {
      long process = buffer.getLong();
      if (i < processes) {
        open.add(process);
      }
    }
    return new Restarts(crashes, unexplained, alone, trial, open);
  }

  private static int length(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static void put(ByteBuffer buffer, byte @Nullable [] bytes) {
    if (bytes == null) {
      buffer.putInt(ABSENT);
    } else {
      buffer.putInt(bytes.length).put(bytes);
    }
  }

  private static byte[] required(ByteBuffer buffer) {
    byte[] bytes = get(buffer);
    if (bytes == null) {
      throw broken("a required part is absent");
    }
    return bytes;
  }

  private static byte @Nullable [] get(ByteBuffer buffer) {
    int length = buffer.getInt();
    if (length == ABSENT) {
      return null;
    }
    if (length < 0 || length > buffer.remaining()) {
      throw broken(
          String.format(Locale.ROOT, "a part of %d bytes, %d left", length, buffer.remaining()));
    }
    byte[] bytes = new byte[length];
    buffer.get(bytes);
    return bytes;
  }

  private static IllegalStateException broken(String found) {
    return new IllegalStateException("cannot read a pending document: " + found);
  }
}
