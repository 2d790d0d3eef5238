/**
 * Documents and outcomes as Flink keeps and sends them: bytes of our own with a version, so that a
 * later build reads the checkpoints of an earlier one, and Kryo is never asked.
 */
@NullMarked
package dev.millrace.flink.types;

import org.jspecify.annotations.NullMarked;
