package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Matrix;

/**
 * An embedding table on the device: bf16 rows. Immutable.
 *
 * @param outputs V
 * @param inputs H
 * @param address of the first row
 */
record EmbeddingTable(int outputs, int inputs, long address) implements Matrix {}
