/** Tests of the command line. */
@NullMarked
package dev.millrace.streams.cli;

import org.jspecify.annotations.NullMarked;
