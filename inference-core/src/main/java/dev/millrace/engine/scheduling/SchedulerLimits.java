package dev.millrace.engine.scheduling;

import java.util.Locale;

/**
 * What bounds a scheduler.
 *
 * @param stepTokensMax rows of one step
 * @param sequencesMax prefixes and branches that run at once; a label set counts as one
 * @param blockTokens tokens of a key-value block
 * @param labelBlocksMax key-value blocks that the label nodes of one branch may hold at once; a
 *     larger label set is scored in several waves
 * @param prefixCache whether finished prefixes stay reusable
 * @param localBlocksOfASequence local blocks that one sequence holds at most; 0 if there are none
 * @param firstRequests requests that run at once when work begins, before others join them; 0 for
 *     as many as there is room for
 */
public record SchedulerLimits(
    int stepTokensMax,
    int sequencesMax,
    int blockTokens,
    int labelBlocksMax,
    boolean prefixCache,
    int localBlocksOfASequence,
    int firstRequests) {

  /** Limits for a model with one kind of blocks, and no slow begin. */
  public SchedulerLimits(
      int stepTokensMax,
      int sequencesMax,
      int blockTokens,
      int labelBlocksMax,
      boolean prefixCache) {
    this(stepTokensMax, sequencesMax, blockTokens, labelBlocksMax, prefixCache, 0, 0);
  }

  /** Refuses limits below one. */
  public SchedulerLimits {
    if (stepTokensMax < 1 || sequencesMax < 1 || blockTokens < 1 || labelBlocksMax < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              ("limits must be at least 1, got stepTokensMax=%d sequencesMax=%d blockTokens=%d"
                  + " labelBlocksMax=%d"),
              stepTokensMax,
              sequencesMax,
              blockTokens,
              labelBlocksMax));
    }
  }
}
