/**
 * What earlier runs have taken from which topics, and what follows if a topic is another one now.
 *
 * <p>Classes say which threads call them.
 */
@NullMarked
package dev.millrace.streams.topics;

import org.jspecify.annotations.NullMarked;
