/**
 * Answers probes over HTTP.
 *
 * <p>Knows nothing of the application: what is healthy comes in as functions, called on the
 * server's own threads.
 */
@NullMarked
package dev.millrace.operations.health;

import org.jspecify.annotations.NullMarked;
