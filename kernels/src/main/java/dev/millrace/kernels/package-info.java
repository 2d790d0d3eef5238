/** The compiled CUDA kernels and what is known of them: which image fits which device. */
@NullMarked
package dev.millrace.kernels;

import org.jspecify.annotations.NullMarked;
