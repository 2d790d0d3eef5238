/**
 * The fast implementation for CPUs: for matrix products our own code or oneDNN, the Vector API for
 * the rest.
 *
 * <p>Knows the backend's operations and tensors, never requests, files or model families. A backend
 * is owned by the engine thread and shares its work with helper threads of its own.
 */
@NullMarked
package dev.millrace.engine.backend.cpu;

import org.jspecify.annotations.NullMarked;
