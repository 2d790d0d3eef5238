/**
 * What lies on the topics: source records and the documents in them, outcomes and the records that
 * say them.
 *
 * <p>The adapter between Kafka's records and the enrichment's own types; knows nothing of stream
 * tasks. Thread-safe: no class here has state that changes, but caches that are thread-safe
 * themselves.
 */
@NullMarked
package dev.millrace.records;

import org.jspecify.annotations.NullMarked;
