/**
 * Names for element type, shape and a piece of memory.
 *
 * <p>Immutable values; owns no memory.
 */
@NullMarked
package dev.millrace.engine.tensor;

import org.jspecify.annotations.NullMarked;
