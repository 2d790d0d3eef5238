/**
 * Tools that look at a model without an engine: what a directory holds, and how its logits compare
 * with another program's.
 */
@NullMarked
package dev.millrace.engine.inspect;

import org.jspecify.annotations.NullMarked;
