package dev.millrace.engine.checkpoint;

import dev.millrace.engine.backend.AttentionSpec;

/**
 * What is particular to one layer.
 *
 * @param attention how it attends; equal layers share one instance
 * @param moe whether its feed-forward block is a mixture of experts
 */
public record LayerConfig(AttentionSpec attention, boolean moe) {}
