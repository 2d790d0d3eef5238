/**
 * The compiled kernels and what is known of them: which image fits which GPU, and the library for
 * processors.
 */
@NullMarked
package dev.millrace.kernels;

import org.jspecify.annotations.NullMarked;
