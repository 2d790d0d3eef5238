/**
 * The command above all measurements.
 *
 * <p>Modules add theirs to it.
 */
@NullMarked
package dev.millrace.cli.bench;

import org.jspecify.annotations.NullMarked;
