package dev.millrace.records;

import dev.millrace.enrichment.Outcome;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record that says what became of a document.
 *
 * @param sink where it goes
 * @param outcome what it says; differs from the outcome asked for if that did not fit
 * @param key of the record
 * @param value of the record
 * @param timestamp of the record, milliseconds since 1970
 * @param headers of the record
 */
public record OutputRecord(
    Sink sink,
    Outcome outcome,
    byte @Nullable [] key,
    byte[] value,
    long timestamp,
    Headers headers) {}
