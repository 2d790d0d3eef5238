/**
 * Native libraries that travel in jars: unpacked where only this user can write.
 *
 * <p>Knows files, not what is in them.
 */
@NullMarked
package dev.millrace.engine.natives;

import org.jspecify.annotations.NullMarked;
