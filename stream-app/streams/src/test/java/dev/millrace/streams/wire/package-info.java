/** Tests of the package. */
@NullMarked
package dev.millrace.streams.wire;

import org.jspecify.annotations.NullMarked;
