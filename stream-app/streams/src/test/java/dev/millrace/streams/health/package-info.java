/** Tests of the package. */
@NullMarked
package dev.millrace.streams.health;

import org.jspecify.annotations.NullMarked;
