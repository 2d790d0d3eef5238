/**
 * From logits to tokens and label scores.
 *
 * <p>Pure functions of their arguments.
 */
@NullMarked
package dev.millrace.engine.sampling;

import org.jspecify.annotations.NullMarked;
