/**
 * What needs two modules, a broker or a fault; and the tests that hold the house in order.
 *
 * <p>Nothing depends on it.
 */
@NullMarked
package dev.millrace.it;

import org.jspecify.annotations.NullMarked;
