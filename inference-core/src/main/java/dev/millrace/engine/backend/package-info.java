/**
 * The list of operations a device offers and what each one means.
 *
 * <p>Knows tensors and blocks, never requests or files. Implementations are found as services
 * through BackendProvider; every one is owned by the engine thread.
 */
@NullMarked
package dev.millrace.engine.backend;

import org.jspecify.annotations.NullMarked;
