package dev.millrace.engine.model;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.checkpoint.ModelConfig;

/** From bytes to blocks. Pure functions. */
final class KvSizing {

  private KvSizing() {}

  /**
   * The largest cache within the limits: an explicit budget is used whole; a chosen one never
   * exceeds what {@code sequencesMax} sequences of full context could use.
   *
   * @throws EngineException if not even one block fits
   */
  static KvShape choose(ModelConfig config, ComputeBackend backend, ModelLimits limits) {
    KvShape block = shape(config, 1, limits.blockTokens());
    long blockBytes = backend.kvBytes(block);
    boolean chosen = limits.kvMemoryBytes() == 0;
    long budget = chosen ? backend.kvBytesAvailable() : limits.kvMemoryBytes();
    long blocks = Math.min(budget / blockBytes, Integer.MAX_VALUE);
    if (chosen) {
      long perSequence = Math.ceilDiv(config.contextTokens(), limits.blockTokens());
      blocks = Math.min(blocks, perSequence * limits.sequencesMax());
    }
    if (blocks < 1) {
      throw new EngineException(
          "keys and values of one block of %d tokens need %d bytes on backend %s, %s: %s"
              .formatted(
                  limits.blockTokens(),
                  blockBytes,
                  backend.info().name(),
                  chosen
                      ? "there is room for " + budget
                      : "kvMemoryBytes is " + limits.kvMemoryBytes(),
                  chosen ? "give the process more memory" : "raise it"));
    }
    return shape(config, (int) blocks, limits.blockTokens());
  }

  private static KvShape shape(ModelConfig config, int blocks, int blockTokens) {
    return new KvShape(
        config.layers().size(), blocks, blockTokens, config.kvHeads(), config.headDimension());
  }
}
