package dev.millrace.engine.architecture;

/**
 * What is particular to one layer.
 *
 * @param attention how it attends; equal layers share one instance
 * @param feedForward what follows
 */
public record LayerSpec(AttentionSpec attention, FeedForwardSpec feedForward) {}
