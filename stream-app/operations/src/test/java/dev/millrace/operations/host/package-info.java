/** Tests of the package. */
@NullMarked
package dev.millrace.operations.host;

import org.jspecify.annotations.NullMarked;
