/** Tests of the fault kit itself, without a broker. */
@NullMarked
package dev.millrace.faults;

import org.jspecify.annotations.NullMarked;
