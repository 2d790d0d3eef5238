package dev.millrace.engine;

/**
 * Tokens and time of one request. Exact: summed over all requests, {@code prefixTokens -
 * cachedTokens + suffixTokens} is the number of prefill rows that the engine computed, and {@code
 * computeNanos} the time of its steps.
 *
 * @param prefixTokens tokens of the prefix; of a request that failed, those that were served
 * @param cachedTokens those of them that were found in the prefix index, or computed by another
 *     request at the same time, and not computed again
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
