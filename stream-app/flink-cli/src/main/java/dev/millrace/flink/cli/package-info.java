/**
 * Tries the Flink job on this machine: the demo with a Flink cluster in this process between its
 * topics.
 */
@NullMarked
package dev.millrace.flink.cli;

import org.jspecify.annotations.NullMarked;
