/**
 * What is said about a rejected document, and its way back.
 *
 * <p>Knows the headers of dead letters and Kafka's clients; never the model. Used by one thread.
 */
@NullMarked
package dev.millrace.operations.deadletter;

import org.jspecify.annotations.NullMarked;
