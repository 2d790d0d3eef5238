/**
 * Bytes of records to documents, and outcomes to bytes of records.
 *
 * <p>The adapter between the wire (Avro, JSON, plain text) and the enrichment's own types; knows
 * nothing of stream tasks. Thread-safe: no class here has state that changes, but caches that are
 * thread-safe themselves.
 */
@NullMarked
package dev.millrace.streams.wire;

import org.jspecify.annotations.NullMarked;
