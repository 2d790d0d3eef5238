/** Tests of the package. */
@NullMarked
package dev.millrace.streams.deploy;

import org.jspecify.annotations.NullMarked;
