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

  /** Most bytes of keys and values that the limits allow: a budget is used whole. */
  static long bytesMax(
      KvDemand demand, Architecture architecture, ComputeBackend backend, ModelLimits limits) {
    long blocks = demand.blocks() > 0 ? demand.blocks() : blocksOfSequences(architecture, limits);
    return blocks * backend.kvBytes(demand.block());
  }

  /** What {@code sequencesMax} sequences of full context could use. */
  static long blocksOfSequences(Architecture architecture, ModelLimits limits) {
    return (long) Math.ceilDiv(architecture.contextTokens(), limits.blockTokens())
        * limits.sequencesMax();
  }

  /**
   * The cache within the limits: an explicit budget is used whole; a chosen one never exceeds what
   * {@code sequencesMax} sequences of full context could use.
   *
   * @param room bytes that there are, if no budget was given
   * @throws EngineException if not even one block fits
   */
  static KvShape choose(
      KvDemand demand,
      Architecture architecture,
      ComputeBackend backend,
      ModelLimits limits,
      long room) {
    if (demand.blocks() > 0) {
      return demand.shape(demand.blocks());
    }
    long blocks =
        Math.min(room / backend.kvBytes(demand.block()), blocksOfSequences(architecture, limits));
    if (blocks < 1) {
      throw tooLittle(
          demand.block(), backend, "there is room for " + room, "give the process more memory");
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
