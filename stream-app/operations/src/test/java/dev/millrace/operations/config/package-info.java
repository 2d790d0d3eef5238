/** Tests of the package. */
@NullMarked
package dev.millrace.operations.config;

import org.jspecify.annotations.NullMarked;
