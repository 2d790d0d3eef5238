/** Tests of the package. */
@NullMarked
package dev.millrace.streams.topology;

import org.jspecify.annotations.NullMarked;
