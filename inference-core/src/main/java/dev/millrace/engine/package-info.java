/**
 * The facade of the engine: requests in, branch results out.
 *
 * <p>Knows tokens and tensors, never Kafka, Avro or documents. One engine thread per device is the
 * only thread that touches it; everything public here is safe to call from any thread.
 */
@NullMarked
package dev.millrace.engine;

import org.jspecify.annotations.NullMarked;
