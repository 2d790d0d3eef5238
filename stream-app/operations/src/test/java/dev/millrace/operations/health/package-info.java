/** Tests of the package. */
@NullMarked
package dev.millrace.operations.health;

import org.jspecify.annotations.NullMarked;
