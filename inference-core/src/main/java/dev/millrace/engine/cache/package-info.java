/**
 * Who owns which block of key-value memory.
 *
 * <p>Counts only: pool, reference counts, prefix index, fork. Owned by the engine thread.
 */
@NullMarked
package dev.millrace.engine.cache;

import org.jspecify.annotations.NullMarked;
