/** Tests of the package. */
@NullMarked
package dev.millrace.operations.cluster;

import org.jspecify.annotations.NullMarked;
