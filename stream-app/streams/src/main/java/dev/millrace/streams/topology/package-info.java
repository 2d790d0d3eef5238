/**
 * Names and wires the nodes of the Kafka Streams topology, and sets Kafka Streams up for it.
 *
 * <p>Holds no logic of its own. Everything here runs before the streams start, but what Kafka
 * Streams calls back: those classes say their thread.
 */
@NullMarked
package dev.millrace.streams.topology;

import org.jspecify.annotations.NullMarked;
