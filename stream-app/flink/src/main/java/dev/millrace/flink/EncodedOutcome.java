package dev.millrace.flink;

import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * An outcome as the record that says it.
 *
 * @param topic where it goes
 * @param key of the record
 * @param value of the record, in the registry's wire format; null says that a document is deleted
 * @param timestamp of the record, milliseconds since 1970
 * @param headers of the record
 */
record EncodedOutcome(
    String topic,
    byte @Nullable [] key,
    byte @Nullable [] value,
    long timestamp,
    Headers headers) {}
