/**
 * Decides which tokens run in the next step.
 *
 * <p>Knows counts and limits, never tensors or devices. Owned by the engine thread.
 */
@NullMarked
package dev.millrace.engine.scheduling;

import org.jspecify.annotations.NullMarked;
