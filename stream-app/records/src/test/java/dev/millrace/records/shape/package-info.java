/** Tests of this package. */
@NullMarked
package dev.millrace.records.shape;

import org.jspecify.annotations.NullMarked;
