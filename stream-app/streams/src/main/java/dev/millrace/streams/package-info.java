/**
 * Puts the Kafka Streams application together: configuration, engine, topology, probes.
 *
 * <p>Knows every package below it; holds no logic of its own. Lifecycle methods are called by one
 * thread.
 */
@NullMarked
package dev.millrace.streams;

import org.jspecify.annotations.NullMarked;
