/**
 * Faults made on purpose, and the judge of what they did.
 *
 * <p>Child processes that are killed and frozen, a proxy that cuts and stalls, a producer that
 * remembers, and a checker of exactly once.
 */
@NullMarked
package dev.millrace.faults;

import org.jspecify.annotations.NullMarked;
