/**
 * Text to validated settings: each key is declared once, in {@link
 * dev.millrace.streams.config.ConfigKeys}.
 *
 * <p>Knows the names of Kafka client settings and the processor's limits; opens no connection.
 * Everything here is immutable, and runs before anything is started.
 */
@NullMarked
package dev.millrace.streams.config;

import org.jspecify.annotations.NullMarked;
