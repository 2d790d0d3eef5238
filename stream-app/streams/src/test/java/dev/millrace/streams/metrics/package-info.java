/** Tests of the package. */
@NullMarked
package dev.millrace.streams.metrics;

import org.jspecify.annotations.NullMarked;
