/** Tests of how earlier processes ended. */
@NullMarked
package dev.millrace.streams.ends;

import org.jspecify.annotations.NullMarked;
