/**
 * The commands that enrich files without Kafka: {@code enrich} and {@code evaluate}.
 *
 * <p>Knows documents, engines and files; never Kafka or Avro. Commands run on the main thread;
 * outcomes arrive on the enricher's threads.
 */
@NullMarked
package dev.millrace.cli.enrich;

import org.jspecify.annotations.NullMarked;
