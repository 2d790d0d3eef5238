package dev.millrace.engine.backend;

/** Packed weights of a Mixture-of-Experts block. Made and closed by its backend. */
public interface MoeWeights {}
