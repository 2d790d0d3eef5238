/**
 * What is asked of the engine, as values.
 *
 * <p>Depends on nothing, so that the facade, scheduling and whoever comes next can share it. Copies
 * what it is given.
 */
@NullMarked
package dev.millrace.engine.request;

import org.jspecify.annotations.NullMarked;
