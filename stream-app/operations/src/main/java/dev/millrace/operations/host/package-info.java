/**
 * What the application needs of the machine that it runs on.
 *
 * <p>Classes say which threads call them.
 */
@NullMarked
package dev.millrace.operations.host;

import org.jspecify.annotations.NullMarked;
