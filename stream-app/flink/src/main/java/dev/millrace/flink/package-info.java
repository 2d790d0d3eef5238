/**
 * The enrichment as an Apache Flink job: documents, plans, outcomes and dead letters are those of
 * the Kafka Streams application, exactly once through Flink's checkpoints.
 */
@NullMarked
package dev.millrace.flink;

import org.jspecify.annotations.NullMarked;
