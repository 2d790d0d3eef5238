/**
 * Documents and what is asked about them: plan, prompts, outcomes.
 *
 * <p>Knows the engine's facade and tokenizer; never Kafka, Avro or the command line. Thread-safe
 * unless a class says otherwise.
 */
@NullMarked
package dev.millrace.enrichment;

import org.jspecify.annotations.NullMarked;
