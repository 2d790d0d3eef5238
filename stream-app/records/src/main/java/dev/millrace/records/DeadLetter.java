package dev.millrace.records;

import dev.millrace.enrichment.RejectReason;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A rejected record: its original bytes, as far as they fit, and why.
 *
 * @param reason kind of fault
 * @param message found against expected; never the document's text
 * @param position where the record was read; null if on no topic
 * @param timestamp of the record, milliseconds
 * @param key of the record
 * @param headers of the record
 * @param value of the record, whole unless {@code truncated}
 * @param valueLength bytes of the whole value
 * @param valueSha256 of the whole value, hexadecimal; empty if there was none
 * @param truncated whether something was left out, because the whole does not fit a record
 * @param attempt attempts made, the last one included
 * @param rejectedAtMillis wall clock
 */
public record DeadLetter(
    RejectReason reason,
    String message,
    @Nullable SourcePosition position,
    long timestamp,
    byte @Nullable [] key,
    Headers headers,
    byte @Nullable [] value,
    long valueLength,
    String valueSha256,
    boolean truncated,
    int attempt,
    long rejectedAtMillis) {}
