/**
 * The pending stores on disk: checked when they are opened, and restored where they are damaged.
 */
@NullMarked
package dev.millrace.streams.store;

import org.jspecify.annotations.NullMarked;
