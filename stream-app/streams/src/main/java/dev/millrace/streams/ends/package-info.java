/**
 * How earlier processes of this instance ended: whether one of its documents can have been the
 * cause.
 *
 * <p>Knows no Kafka. What is written here survives {@code kill -9}, in the state directory.
 */
@NullMarked
package dev.millrace.streams.ends;

import org.jspecify.annotations.NullMarked;
