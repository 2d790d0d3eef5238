package dev.millrace.cli.bench.engine;

import dev.millrace.cli.bench.engine.Workload.Work;
import dev.millrace.engine.BranchResult;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Times documents through the engine, scheduler included. Single-threaded. */
final class DocumentBench {

  private static final int INSTRUCTION_TOKENS = 12;
  private static final int LABELS = 16;
  private static final int LABEL_TOKENS = 2;
  private static final int PATIENCE_MINUTES = 10;

  private final InferenceEngine engine;
  private final Workload work;
  private final SplittableRandom random;
  private final int vocabulary;
  private final OptionalInt imageToken;

  DocumentBench(InferenceEngine engine, Workload work, ModelConfig config, long seed) {
    this.engine = engine;
    this.work = work;
    this.vocabulary = config.architecture().vocabulary();
    this.imageToken = config.imageToken();
    this.random = new SplittableRandom(seed);
  }

  private int[] tokens(int count) {
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> token());
    return ids;
  }

  /** Any id but those of images, which are no text. */
  private int token() {
    int id = 2 + random.nextInt(vocabulary - 2);
    return imageToken.isPresent() && id == imageToken.getAsInt() ? 1 : id;
  }

  private List<Branch> branches(Work kind) {
    return switch (kind) {
      case DOCUMENTS1 -> List.of(generate());
      case DOCUMENTS3 -> List.of(generate(), score(), generate());
      case CLASSIFICATION -> List.of(score());
      case PREFILL, DECODE -> throw new IllegalArgumentException(kind + " is no kind of document");
    };
  }

  private Branch generate() {
    return new Branch.Generate(
        tokens(INSTRUCTION_TOKENS), work.outputTokens(), SamplingParams.GREEDY);
  }

  private Branch score() {
    int[] instruction = tokens(INSTRUCTION_TOKENS);
    List<int[]> labels = new ArrayList<>();
    for (int label = 0; label < LABELS; label++) {
      int[] ids = tokens(LABEL_TOKENS);
      ids[0] = 2 + label;
      labels.add(ids);
    }
    return new Branch.Score(instruction, labels);
  }

  /**
   * Documents per second of different documents submitted at once.
   *
   * @throws IllegalStateException if a branch fails or the prefix is computed more than once
   */
  double run(Work kind) {
    int count = work.documents();
    CountDownLatch ended = new CountDownLatch(count);
    Queue<String> faults = new ConcurrentLinkedQueue<>();
    List<Branch> branches = branches(kind);
    List<InferenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests.add(
          new InferenceRequest(this, tokens(work.documentTokens()), branches, Long.MAX_VALUE));
    }
    long start = System.nanoTime();
    for (InferenceRequest request : requests) {
      engine.submit(request, new Listener(work.documentTokens(), ended, faults));
    }
    try {
      if (!ended.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
        faults.add(
            String.format(Locale.ROOT, "documents did not end in %d minutes", PATIENCE_MINUTES));
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

  private record Listener(int documentTokens, CountDownLatch ended, Queue<String> faults)
      implements RequestListener {

    @Override
    public void onBranch(int branch, BranchResult result) {
      if (result instanceof BranchResult.Failed failed) {
        faults.add(String.format(Locale.ROOT, "branch %d: %s", branch, failed.message()));
      }
    }

    @Override
    public void onRequest(RequestUsage usage) {
      if (usage.prefixTokens() != documentTokens) {
        faults.add(
            String.format(
                Locale.ROOT,
                "%d prefix tokens instead of %d",
                usage.prefixTokens(),
                documentTokens));
      }
      ended.countDown();
    }
  }
}
