package dev.millrace.engine;

/**
 * Tokens and time of one request.
 *
 * @param prefixTokens tokens of the prefix
 * @param cachedTokens those of them that were found in the prefix index and not computed
 * @param suffixTokens sum over branches
 * @param generatedTokens sum over branches
 * @param queueNanos from submission to the first step that served it
 * @param computeNanos its share of step time, by rows
 */
public record RequestUsage(
    int prefixTokens,
    int cachedTokens,
    int suffixTokens,
    int generatedTokens,
    long queueNanos,
    long computeNanos) {}
