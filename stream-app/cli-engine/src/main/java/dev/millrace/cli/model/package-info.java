/**
 * Commands about one model: what it is, its logits, its words.
 *
 * <p>Knows the engine's facade, no documents and no Kafka. One command runs on one thread.
 */
@NullMarked
package dev.millrace.cli.model;

import org.jspecify.annotations.NullMarked;
