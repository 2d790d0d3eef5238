package dev.millrace.engine;

import dev.millrace.engine.checkpoint.ModelWeights;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;

/**
 * A model that lies in no directory: what an engine needs to run it.
 *
 * @param name for logs and provenance
 * @param digest says which weights these are
 * @param weights borrowed: the caller closes them after the engine
 * @param tokenizer borrowed likewise
 * @param chatTemplate its template
 */
public record ModelSource(
    String name,
    String digest,
    ModelWeights weights,
    Tokenizer tokenizer,
    ChatTemplate chatTemplate) {}
