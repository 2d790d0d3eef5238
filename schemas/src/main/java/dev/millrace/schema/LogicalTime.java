package dev.millrace.schema;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import org.jspecify.annotations.Nullable;

/**
 * What a whole number means that a schema calls a time: Avro's logical types, and the names that
 * Kafka Connect and Debezium give theirs. A time without a zone is taken as UTC.
 */
public enum LogicalTime {
  /** Milliseconds since 1970. */
  TIMESTAMP_MILLIS {
    @Override
    public String text(long value) {
      return Instant.ofEpochMilli(value).toString();
    }
  },
  /** Microseconds since 1970. */
  TIMESTAMP_MICROS {
    @Override
    public String text(long value) {
      return since1970(value, 1_000_000).toString();
    }
  },
  /** Nanoseconds since 1970. */
  TIMESTAMP_NANOS {
    @Override
    public String text(long value) {
      return since1970(value, NANOS_PER_SECOND).toString();
    }
  },
  /** Days since 1970. */
  DATE {
    @Override
    public String text(long value) {
      return Math.abs(value) > DAYS_MAX
          ? Long.toString(value)
          : LocalDate.ofEpochDay(value).toString();
    }
  },
  /** Milliseconds since midnight. */
  TIME_MILLIS {
    @Override
    public String text(long value) {
      return ofDay(value, 1_000_000);
    }
  },
  /** Microseconds since midnight. */
  TIME_MICROS {
    @Override
    public String text(long value) {
      return ofDay(value, 1_000);
    }
  },
  /** Nanoseconds since midnight. */
  TIME_NANOS {
    @Override
    public String text(long value) {
      return ofDay(value, 1);
    }
  };

  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final long NANOS_PER_DAY = 86_400 * NANOS_PER_SECOND;
  private static final long DAYS_MAX = 365_000_000_000L;

  /** The one that a schema calls so; null if that is no time's name. */
  public static @Nullable LogicalTime named(@Nullable String name) {
    return switch (name) {
      case null -> null;
      case "timestamp-millis",
          "local-timestamp-millis",
          "org.apache.kafka.connect.data.Timestamp",
          "io.debezium.time.Timestamp" ->
          TIMESTAMP_MILLIS;
      case "timestamp-micros", "local-timestamp-micros", "io.debezium.time.MicroTimestamp" ->
          TIMESTAMP_MICROS;
      case "timestamp-nanos", "local-timestamp-nanos", "io.debezium.time.NanoTimestamp" ->
          TIMESTAMP_NANOS;
      case "date", "org.apache.kafka.connect.data.Date", "io.debezium.time.Date" -> DATE;
      case "time-millis", "org.apache.kafka.connect.data.Time", "io.debezium.time.Time" ->
          TIME_MILLIS;
      case "time-micros", "io.debezium.time.MicroTime" -> TIME_MICROS;
      case "io.debezium.time.NanoTime" -> TIME_NANOS;
      default -> null;
    };
  }

  /** The time in ISO 8601; the number itself where no calendar has it. */
  public abstract String text(long value);

  private static Instant since1970(long value, long perSecond) {
    return Instant.ofEpochSecond(
        Math.floorDiv(value, perSecond),
        Math.floorMod(value, perSecond) * (NANOS_PER_SECOND / perSecond));
  }

  private static String ofDay(long value, long nanos) {
    return value < 0 || value >= NANOS_PER_DAY / nanos
        ? Long.toString(value)
        : LocalTime.ofNanoOfDay(value * nanos).toString();
  }
}
