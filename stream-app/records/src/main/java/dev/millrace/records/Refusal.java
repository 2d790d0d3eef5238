package dev.millrace.records;

import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * What can be said about a record before anything is done with it.
 *
 * @param documentBytesMax bytes of the largest value that is enriched
 * @param recordBytesMax bytes of the largest record that the changelog takes, at present
 */
public record Refusal(int documentBytesMax, IntSupplier recordBytesMax) {

  /**
   * Why a record is not enriched; empty if it is to be.
   *
   * @param besideValue bytes that are stored beside the value
   * @param tombstones what becomes of a record without a value
   */
  public Optional<Outcome.Rejected> of(
      SourceRecord record, long besideValue, Tombstones tombstones) {
    byte[] value = record.value();
    if (value == null && tombstones == Tombstones.REJECT) {
      return Optional.of(new Outcome.Rejected(RejectReason.NULL_VALUE, "the record has no value"));
    }
    int length = value == null ? 0 : value.length;
    if (length > documentBytesMax) {
      return tooLarge(
          "the value has %d bytes, documents.bytes.max is %d", length, documentBytesMax);
    }
    long size = length + besideValue + OutcomeRecords.size(null, record.headers(), 0);
    int bytesMax = recordBytesMax.getAsInt();
    return size <= bytesMax
        ? Optional.empty()
        : tooLarge(
            "value, key and headers take %d bytes, the topic of the pending documents takes %d"
                + " (its max.message.bytes, topics.record.bytes.max)",
            size, bytesMax);
  }

  private static Optional<Outcome.Rejected> tooLarge(String message, long found, long expected) {
    return Optional.of(
        new Outcome.Rejected(
            RejectReason.TOO_LARGE, String.format(Locale.ROOT, message, found, expected)));
  }
}
