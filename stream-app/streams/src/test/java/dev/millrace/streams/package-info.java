/** What several tests share. */
@NullMarked
package dev.millrace.streams;

import org.jspecify.annotations.NullMarked;
