/**
 * Text to validated settings: each key is declared once, by the room that uses it, and a program
 * puts together the keys of its rooms ({@link dev.millrace.operations.config.ConfigSpec}).
 *
 * <p>Knows the names of Kafka client settings; opens no connection. Everything here is immutable,
 * and runs before anything is started.
 */
@NullMarked
package dev.millrace.operations.config;

import org.jspecify.annotations.NullMarked;
