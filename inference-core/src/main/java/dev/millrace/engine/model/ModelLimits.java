package dev.millrace.engine.model;

import java.util.Locale;

/**
 * How much memory a model may take for activations, keys and values.
 *
 * @param stepRowsMax most rows of one step
 * @param sequencesMax sequences that run at once; bounds the memory chosen when {@code
 *     kvMemoryBytes} is 0
 * @param kvMemoryBytes bytes for keys and values; 0 takes what the backend finds prudent
 * @param blockTokens tokens of one block
 * @param localBlocks whether layers that see a part of a sequence may have blocks of their own:
 *     whoever lays out steps must know of them
 */
public record ModelLimits(
    int stepRowsMax, int sequencesMax, long kvMemoryBytes, int blockTokens, boolean localBlocks) {

  /** Tokens of a block: a whole tile of every backend's attention. */
  public static final int BLOCK_TOKENS = 64;

  /** Checks the bounds. */
  public ModelLimits {
    if (stepRowsMax < 1 || sequencesMax < 1 || kvMemoryBytes < 0 || blockTokens < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "limits are at least 1 (memory 0), got rows %d, sequences %d, bytes %d, block %d",
              stepRowsMax,
              sequencesMax,
              kvMemoryBytes,
              blockTokens));
    }
  }

  /** With one kind of blocks. */
  public ModelLimits(int stepRowsMax, int sequencesMax, long kvMemoryBytes, int blockTokens) {
    this(stepRowsMax, sequencesMax, kvMemoryBytes, blockTokens, false);
  }

  /** With one kind of blocks, of the usual size. */
  public ModelLimits(int stepRowsMax, int sequencesMax, long kvMemoryBytes) {
    this(stepRowsMax, sequencesMax, kvMemoryBytes, BLOCK_TOKENS);
  }

  /** The same for somebody who knows of local blocks. */
  public ModelLimits withLocalBlocks() {
    return new ModelLimits(stepRowsMax, sequencesMax, kvMemoryBytes, blockTokens, true);
  }
}
