package dev.millrace.engine;

import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.nio.file.Path;

/**
 * The loaded model, for prompts, limits and provenance.
 *
 * @param name directory name
 * @param directory where it lies
 * @param digest SHA-256 over configuration, tokenizer and weights, hexadecimal
 * @param quantisation {@code none}, or the layout's name
 * @param contextTokens longest sequence this engine admits
 * @param vocabulary vocabulary size
 * @param tokenizer its tokenizer
 * @param chatTemplate its chat template
 * @param stopTokens ids that end a generation
 * @param backend what computes it
 */
public record ModelInfo(
    String name,
    Path directory,
    String digest,
    String quantisation,
    int contextTokens,
    int vocabulary,
    Tokenizer tokenizer,
    ChatTemplate chatTemplate,
    int[] stopTokens,
    BackendInfo backend) {}
