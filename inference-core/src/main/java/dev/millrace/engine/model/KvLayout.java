package dev.millrace.engine.model;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.KvShape;
import java.util.Optional;

/**
 * How the memory for keys and values is laid out: one cache for all layers, or one for the layers
 * that see everything and a smaller one for those that see a chunk or a window, which hold only
 * what can still be seen. Immutable.
 *
 * @param full of the layers that see everything, or of all layers
 * @param local of the others, if they have blocks of their own
 * @param localBlocksOfASequence blocks of {@code local} that a sequence holds at most; 0 if there
 *     are none
 */
record KvLayout(KvShape full, Optional<KvShape> local, int localBlocksOfASequence) {

  /**
   * Lays out memory.
   *
   * @param all extents of one cache for all layers, which say how many bytes there are
   */
  static KvLayout of(KvShape all, Architecture architecture, ModelLimits limits) {
    int localLayers = 0;
    int visible = 0;
    for (LayerSpec layer : architecture.layers()) {
      int most = visibleTokens(layer.attention());
      localLayers += most > 0 ? 1 : 0;
      visible = Math.max(visible, most);
    }
    int fullLayers = all.layers() - localLayers;
    if (!limits.localBlocks() || localLayers == 0 || fullLayers == 0) {
      return new KvLayout(all, Optional.empty(), 0);
    }
    // what is visible, a step's own tokens, and a part of a block at either end
    int ofASequence =
        Math.ceilDiv(visible, all.blockTokens())
            + Math.ceilDiv(limits.stepRowsMax(), all.blockTokens())
            + 2;
    long wanted = (limits.sequencesMax() + 1L) * ofASequence;
    if (wanted >= all.blocks()) {
      return new KvLayout(all, Optional.empty(), 0);
    }
    long bytesInLayers = (long) all.blocks() * all.layers();
    long fullBlocks = (bytesInLayers - wanted * localLayers) / fullLayers;
    if (limits.kvMemoryBytes() == 0) {
      // no more than is of use; a budget is used whole
      fullBlocks = Math.min(fullBlocks, KvSizing.blocksOfSequences(architecture, limits));
    }
    return new KvLayout(
        shape(all, fullLayers, (int) Math.min(fullBlocks, Integer.MAX_VALUE), false),
        Optional.of(shape(all, localLayers, (int) wanted, true)),
        ofASequence);
  }

  /** Tokens that a layer sees at most; 0 for all. */
  static int visibleTokens(AttentionSpec attention) {
    return switch (attention.visible()) {
      case Visible.Full() -> 0;
      case Visible.Chunk(int tokens) -> tokens;
      case Visible.Window(int tokens) -> tokens;
    };
  }

  private static KvShape shape(KvShape all, int layers, int blocks, boolean local) {
    return new KvShape(layers, blocks, all.blockTokens(), all.heads(), all.headDimension(), local);
  }
}
