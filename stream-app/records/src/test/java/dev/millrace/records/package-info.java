/** Tests of the package. */
@NullMarked
package dev.millrace.records;

import org.jspecify.annotations.NullMarked;
