/** Whether the same input gives the same bytes in another process. */
@NullMarked
package dev.millrace.streams.replay;

import org.jspecify.annotations.NullMarked;
