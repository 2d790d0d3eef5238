/**
 * The obvious, slow implementation of every operation in double precision: the judge of the others.
 *
 * <p>One row at a time, one class per operation, so that a row cannot depend on its neighbours.
 * Knows nothing of files or requests. Owned by the engine thread.
 */
@NullMarked
package dev.millrace.engine.backend.reference;

import org.jspecify.annotations.NullMarked;
