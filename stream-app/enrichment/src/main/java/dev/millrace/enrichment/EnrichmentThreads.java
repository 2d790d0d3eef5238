package dev.millrace.enrichment;

import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The threads that render prompts, tokenise and read answers, shared by all enrichers of a process:
 * more plans must not take more processors from the engine. Thread-safe.
 */
public final class EnrichmentThreads implements Executor, AutoCloseable {
  private static final int COUNT_MAX = 8;

  private final ExecutorService threads;

  /** So many threads, at least one. */
  public EnrichmentThreads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "count must be at least 1, got %d", count));
    }
    this.threads =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().daemon().name("enricher-", 0).factory());
  }

  /** As many as suit the machine: half of its processors, at most eight. */
  public static EnrichmentThreads ofMachine() {
    return new EnrichmentThreads(
        Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, COUNT_MAX));
  }

  @Override
  public void execute(Runnable step) {
    threads.execute(step);
  }

  /** Ends the threads once they have done what they were given. To be closed after enrichers. */
  @Override
  public void close() {
    threads.shutdown();
  }
}
