package dev.millrace.cli.bench.engine;

/**
 * A figure beside a peer's.
 *
 * @param peer its name
 * @param theirs what it measured, in the figure's unit
 * @param ratio ours to theirs, of each round
 */
record Comparison(String peer, Spread theirs, Spread ratio) {}
