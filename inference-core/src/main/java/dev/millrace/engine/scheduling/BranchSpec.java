package dev.millrace.engine.scheduling;

import dev.millrace.engine.sampling.LabelTrie;
import dev.millrace.engine.sampling.SamplingParams;

/** What a branch is to do. */
public sealed interface BranchSpec {

  /** Token ids after the prefix; may be empty. Not to be written. */
  int[] suffix();

  /** Generates up to {@code tokensMax} tokens. */
  record Generate(int[] suffix, int tokensMax, SamplingParams sampling) implements BranchSpec {}

  /** Scores the labels of a trie. */
  record Score(int[] suffix, LabelTrie trie) implements BranchSpec {}
}
