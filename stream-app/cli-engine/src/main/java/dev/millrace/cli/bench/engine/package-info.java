/**
 * Measures the engine: prefill, decoding, documents per second, each beside its limit.
 *
 * <p>Knows the engine's insides, because it measures them; never Kafka. Runs on the main thread.
 */
@NullMarked
package dev.millrace.cli.bench.engine;

import org.jspecify.annotations.NullMarked;
