/**
 * Adapts what the engine and the processors report to meters.
 *
 * <p>The only package that knows Micrometer, besides the one that serves the registry. Thread-safe:
 * called on the engine's, the enricher's and the stream threads.
 */
@NullMarked
package dev.millrace.operations.metrics;

import org.jspecify.annotations.NullMarked;
