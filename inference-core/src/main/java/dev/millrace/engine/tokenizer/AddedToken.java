package dev.millrace.engine.tokenizer;

/**
 * One entry of {@code added_tokens}: a text that becomes one token before the model sees it.
 * Immutable.
 *
 * @param content the text
 * @param singleWord only where no word character stands beside it
 * @param lstrip takes the white space before it along
 * @param rstrip takes the white space behind it along
 * @param normalized looked for in normalised text, by its normalised content; else in raw text
 * @param special a control token: never made from a document's text
 */
record AddedToken(
    String content,
    boolean singleWord,
    boolean lstrip,
    boolean rstrip,
    boolean normalized,
    boolean special) {}
