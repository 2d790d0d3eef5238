package dev.millrace.flink;

import dev.millrace.records.Backoff;
import java.time.Duration;

/**
 * How often and how long a document is tried.
 *
 * @param deadline of an attempt
 * @param max attempts that may miss it before the document is rejected
 * @param unknownSchemaGrace how long an unknown schema id is asked for again
 * @param backoff wait before the next attempt
 */
record Attempts(Duration deadline, int max, Duration unknownSchemaGrace, Backoff backoff) {}
