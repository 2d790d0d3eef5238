/**
 * How good enrichments are, against references.
 *
 * <p>Knows documents and outcomes; never engines, Kafka or the command line. Accumulators are owned
 * by one thread, the rest are pure functions.
 */
@NullMarked
package dev.millrace.enrichment.evaluation;

import org.jspecify.annotations.NullMarked;
