package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Vector;

/**
 * A norm weight on the device, f32. Immutable.
 *
 * @param size elements
 * @param address of the first one
 */
record NormWeight(int size, long address) implements Vector {}
