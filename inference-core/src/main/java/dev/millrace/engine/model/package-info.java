/**
 * The order of operations in a decoder, written once against the backend.
 *
 * <p>What differs between model families is data (LayerPlan), not code paths. Owned by the engine
 * thread.
 */
@NullMarked
package dev.millrace.engine.model;

import org.jspecify.annotations.NullMarked;
