/**
 * GGUF files: container, metadata, and the blocks in which their tensors are stored; trusts
 * nothing.
 *
 * <p>Layout as the format's specification has it, versions 2 and 3, little-endian: magic, version,
 * counts of tensors and metadata; metadata as key, type, value; for each tensor name, extents with
 * the length of a row first, type, offset; then, from the next multiple of {@code
 * general.alignment} on, the data. Big-endian files and version 1 are refused by name.
 */
@NullMarked
package dev.millrace.engine.gguf;

import org.jspecify.annotations.NullMarked;
