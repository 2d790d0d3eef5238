/** Tests of the asynchronous processor. */
@NullMarked
package dev.millrace.streams.processor;

import org.jspecify.annotations.NullMarked;
