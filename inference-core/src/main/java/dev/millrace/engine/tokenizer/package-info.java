/**
 * From text to token ids and back, and from messages to a prompt.
 *
 * <p>Thread-safe because its objects are immutable or guard the native tokenizer.
 */
@NullMarked
package dev.millrace.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
