/** Tests of the package. */
@NullMarked
package dev.millrace.operations;

import org.jspecify.annotations.NullMarked;
