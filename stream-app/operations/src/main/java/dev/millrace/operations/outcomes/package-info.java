/**
 * Outcomes read back from the output topics, for whoever watches, compares or shows them.
 *
 * <p>Reads committed records only, and belongs to no group. Used by one thread.
 */
@NullMarked
package dev.millrace.operations.outcomes;

import org.jspecify.annotations.NullMarked;
