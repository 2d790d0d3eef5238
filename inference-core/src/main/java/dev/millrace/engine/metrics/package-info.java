/**
 * What the engine reports about itself.
 *
 * <p>Callbacks with a no-op constant; no metrics library.
 */
@NullMarked
package dev.millrace.engine.metrics;

import org.jspecify.annotations.NullMarked;
