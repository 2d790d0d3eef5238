/**
 * Reads model directories: configuration, tensors, digests.
 *
 * <p>Trusts nothing in the files. Maps them; copies nothing.
 */
@NullMarked
package dev.millrace.engine.checkpoint;

import org.jspecify.annotations.NullMarked;
