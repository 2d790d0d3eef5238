package dev.millrace.engine.backend;

/** Packed weights of a dense feed-forward block. Made and closed by its backend. */
public interface FeedForward {}
