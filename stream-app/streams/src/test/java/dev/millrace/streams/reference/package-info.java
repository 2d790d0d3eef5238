/** Tests of the package. */
@NullMarked
package dev.millrace.streams.reference;

import org.jspecify.annotations.NullMarked;
