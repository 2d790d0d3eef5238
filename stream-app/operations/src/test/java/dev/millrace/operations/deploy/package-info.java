/** Tests of the package. */
@NullMarked
package dev.millrace.operations.deploy;

import org.jspecify.annotations.NullMarked;
