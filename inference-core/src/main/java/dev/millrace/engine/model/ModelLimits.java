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
 */
public record ModelLimits(int stepRowsMax, int sequencesMax, long kvMemoryBytes, int blockTokens) {

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

  /** With blocks of the usual size. */
  public ModelLimits(int stepRowsMax, int sequencesMax, long kvMemoryBytes) {
    this(stepRowsMax, sequencesMax, kvMemoryBytes, BLOCK_TOKENS);
  }
}
