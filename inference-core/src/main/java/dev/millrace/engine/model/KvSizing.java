package dev.millrace.engine.model;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvDemand;
import dev.millrace.engine.backend.KvShape;
import java.util.Locale;

/** From bytes to blocks. Pure functions. */
final class KvSizing {

  private KvSizing() {}

  /**
   * What will be asked for, as far as it is known before the weights are loaded.
   *
   * @throws EngineException if an explicit budget has no room for one block
   */
  static KvDemand demand(Architecture architecture, ComputeBackend backend, ModelLimits limits) {
    KvShape block =
        new KvShape(
            architecture.layers().size(),
            1,
            limits.blockTokens(),
            architecture.kvHeads(),
            architecture.headDimension());
    if (limits.kvMemoryBytes() == 0) {
      return new KvDemand(block, 0);
    }
    long blocks = limits.kvMemoryBytes() / backend.kvBytes(block);
    if (blocks < 1) {
      throw tooLittle(block, backend, "kvMemoryBytes is " + limits.kvMemoryBytes(), "raise it");
    }
    return new KvDemand(block, (int) Math.min(blocks, Integer.MAX_VALUE));
  }

  /**
   * The cache within the limits: an explicit budget is used whole; a chosen one never exceeds what
   * {@code sequencesMax} sequences of full context could use.
   *
   * @throws EngineException if not even one block fits
   */
  static KvShape choose(
      KvDemand demand, Architecture architecture, ComputeBackend backend, ModelLimits limits) {
    if (demand.blocks() > 0) {
      return demand.shape(demand.blocks());
    }
    long budget = backend.kvBytesAvailable();
    long perSequence = Math.ceilDiv(architecture.contextTokens(), limits.blockTokens());
    long blocks =
        Math.min(budget / backend.kvBytes(demand.block()), perSequence * limits.sequencesMax());
    if (blocks < 1) {
      throw tooLittle(
          demand.block(), backend, "there is room for " + budget, "give the process more memory");
    }
    return demand.shape((int) Math.min(blocks, Integer.MAX_VALUE));
  }

  private static EngineException tooLittle(
      KvShape block, ComputeBackend backend, String found, String advice) {
    return new EngineException(
        String.format(
            Locale.ROOT,
            "keys and values of one block of %d tokens need %d bytes on backend %s, %s: %s",
            block.blockTokens(),
            backend.kvBytes(block),
            backend.info().name(),
            found,
            advice));
  }
}
