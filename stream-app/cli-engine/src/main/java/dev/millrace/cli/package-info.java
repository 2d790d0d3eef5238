/**
 * The command line: arguments in, exit code out.
 *
 * <p>The only package that may write to standard output. Results go there, logs and progress to
 * standard error. Commands run on the main thread.
 */
@NullMarked
package dev.millrace.cli;

import org.jspecify.annotations.NullMarked;
