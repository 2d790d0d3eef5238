/**
 * The settings of the Kafka Streams application: its own keys, and the list of all there are.
 *
 * <p>Immutable.
 */
@NullMarked
package dev.millrace.streams.config;

import org.jspecify.annotations.NullMarked;
