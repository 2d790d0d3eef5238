package dev.millrace.streams.processor;

import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.util.Locale;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/** What can be said about a record before it is stored. */
final class Refusal {

  private Refusal() {}

  /** Why a record is not stored; null if it is to be stored. */
  static Outcome.@Nullable Rejected of(
      ProcessorOptions options, String topic, Record<byte[], byte[]> record) {
    byte[] value = record.value();
    if (value == null) {
      return new Outcome.Rejected(RejectReason.NULL_VALUE, "the record has no value");
    }
    if (value.length > options.documentBytesMax()) {
      return new Outcome.Rejected(
          RejectReason.TOO_LARGE,
          String.format(
              Locale.ROOT,
              "the value has %d bytes, documents.bytes.max is %d",
              value.length,
              options.documentBytesMax()));
    }
    long stored = EnvelopeCodec.size(topic, record.key(), record.headers(), value);
    long size = stored + PendingId.BYTES + OutcomeRecords.size(null, record.headers(), 0);
    if (size > options.recordBytesMax()) {
      return new Outcome.Rejected(
          RejectReason.TOO_LARGE,
          String.format(
              Locale.ROOT,
              "value, key and headers take %d bytes, topics.record.bytes.max is %d",
              size,
              options.recordBytesMax()));
    }
    return null;
  }
}
