package dev.millrace.cli.model;

import dev.millrace.cli.CommandException;
import dev.millrace.engine.BranchResult;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** Carries one branch's tokens from the engine thread to the command's thread. */
final class Answer implements RequestListener {

  /** What {@link #next} gives at the end. */
  static final int END = -1;

  private final BlockingQueue<Integer> tokens = new LinkedBlockingQueue<>();
  private final CompletableFuture<BranchResult> result = new CompletableFuture<>();
  private final CompletableFuture<RequestUsage> usage = new CompletableFuture<>();

  @Override
  public void onToken(int branch, int token) {
    tokens.add(token);
  }

  @Override
  public void onBranch(int branch, BranchResult ended) {
    result.complete(ended);
  }

  @Override
  public void onRequest(RequestUsage used) {
    usage.complete(used);
    tokens.add(END);
  }

  /** The next token, or {@link #END}; waits for it. */
  int next() throws InterruptedException {
    return tokens.take();
  }

  /**
   * How it ended; only after {@link #END}.
   *
   * @throws CommandException if it failed
   */
  BranchResult.Generated result() {
    return switch (result.join()) {
      case BranchResult.Generated generated -> generated;
      case BranchResult.Failed failed ->
          throw CommandException.failure(
              "cannot generate: %s (%s)".formatted(failed.message(), failed.reason()));
      case BranchResult.Scored _ ->
          throw new IllegalStateException("the engine scored a branch that generates");
    };
  }

  /** What it took; only after {@link #END}. */
  RequestUsage usage() {
    return usage.join();
  }
}
