/**
 * The asynchronous processor: keeps what arrives, hands it to the enricher, forwards what comes
 * back, each document exactly once.
 *
 * <p>Knows documents, outcomes and the Processor API; never Avro, the registry or the engine.
 * Everything of one stream task is owned by its stream thread; only {@link
 * dev.millrace.streams.processor.Mailbox#post} and what says so may be called from elsewhere.
 */
@NullMarked
package dev.millrace.streams.processor;

import org.jspecify.annotations.NullMarked;
