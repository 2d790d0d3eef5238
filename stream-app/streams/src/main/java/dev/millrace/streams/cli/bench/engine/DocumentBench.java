package dev.millrace.streams.cli.bench.engine;

import dev.millrace.engine.Branch;
import dev.millrace.engine.BranchResult;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.InferenceRequest;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Times documents through the engine, scheduler included. Single-threaded. */
final class DocumentBench {

  static final int DOCUMENT_TOKENS = 512;
  static final int GENERATED_TOKENS = 32;

  private static final int INSTRUCTION_TOKENS = 12;
  private static final int LABELS = 16;
  private static final int LABEL_TOKENS = 2;
  private static final int PATIENCE_MINUTES = 10;

  private final InferenceEngine engine;
  private final SplittableRandom random;
  private final int vocabulary;

  DocumentBench(InferenceEngine engine, int vocabulary, long seed) {
    this.engine = engine;
    this.vocabulary = vocabulary;
    this.random = new SplittableRandom(seed);
  }

  private int[] tokens(int count) {
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> 2 + random.nextInt(vocabulary - 2));
    return ids;
  }

  /** One task generates; three tasks are two that generate and one that scores labels. */
  private List<Branch> branches(int tasks) {
    List<Branch> branches = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      int[] instruction = tokens(INSTRUCTION_TOKENS);
      if (i == 1) {
        List<int[]> labels = new ArrayList<>();
        for (int label = 0; label < LABELS; label++) {
          int[] ids = tokens(LABEL_TOKENS);
          ids[0] = 2 + label;
          labels.add(ids);
        }
        branches.add(new Branch.Score(instruction, labels));
      } else {
        branches.add(new Branch.Generate(instruction, GENERATED_TOKENS, SamplingParams.GREEDY));
      }
    }
    return branches;
  }

  /**
   * Documents per second of {@code count} different documents submitted at once.
   *
   * @throws IllegalStateException if a branch fails or the prefix is computed more than once
   */
  double run(int count, int tasks) {
    CountDownLatch ended = new CountDownLatch(count);
    Queue<String> faults = new ConcurrentLinkedQueue<>();
    List<Branch> branches = branches(tasks);
    List<InferenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests.add(new InferenceRequest(this, tokens(DOCUMENT_TOKENS), branches, Long.MAX_VALUE));
    }
    long start = System.nanoTime();
    for (InferenceRequest request : requests) {
      engine.submit(request, new Listener(ended, faults));
    }
    try {
      if (!ended.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
        faults.add("documents did not end in %d minutes".formatted(PATIENCE_MINUTES));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      faults.add("interrupted");
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    if (!faults.isEmpty()) {
      throw new IllegalStateException("cannot measure documents: " + faults.peek());
    }
    return count / seconds;
  }

  private record Listener(CountDownLatch ended, Queue<String> faults) implements RequestListener {

    @Override
    public void onBranch(int branch, BranchResult result) {
      if (result instanceof BranchResult.Failed failed) {
        faults.add("branch %d: %s".formatted(branch, failed.message()));
      }
    }

    @Override
    public void onRequest(RequestUsage usage) {
      if (usage.prefixTokens() != DOCUMENT_TOKENS) {
        faults.add(
            "%d prefix tokens instead of %d".formatted(usage.prefixTokens(), DOCUMENT_TOKENS));
      }
      ended.countDown();
    }
  }
}
