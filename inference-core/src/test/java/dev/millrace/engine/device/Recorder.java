package dev.millrace.engine.device;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.request.InferenceRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Remembers what a listener was told and complains about anything told twice or too late. */
public final class Recorder implements RequestListener {
  private final BranchResult[] results;
  private final List<List<Integer>> streamed = new ArrayList<>();
  private final CountDownLatch done = new CountDownLatch(1);
  private @Nullable RequestUsage usage;
  private @Nullable String complaint;

  public Recorder(InferenceRequest request) {
    results = new BranchResult[request.branches().size()];
    for (int i = 0; i < results.length; i++) {
      streamed.add(new ArrayList<>());
    }
  }

  @Override
  public synchronized void onToken(int branch, int token) {
    complainIf(results[branch] != null || usage != null, "a token after the end");
    streamed.get(branch).add(token);
  }

  @Override
  public synchronized void onBranch(int branch, BranchResult result) {
    complainIf(results[branch] != null, "a branch ended twice");
    complainIf(usage != null, "a branch ended after its request");
    results[branch] = result;
  }

  @Override
  public synchronized void onRequest(RequestUsage used) {
    complainIf(usage != null, "a request ended twice");
    for (BranchResult result : results) {
      complainIf(result == null, "a request ended before its branches");
    }
    usage = used;
    done.countDown();
  }

  private void complainIf(boolean wrong, String what) {
    if (wrong && complaint == null) {
      complaint = what;
    }
  }

  public synchronized @Nullable String complaint() {
    return complaint;
  }

  public synchronized boolean finished() {
    return usage != null;
  }

  public boolean await() {
    try {
      // only a hang takes this long, even on a machine that does much else
      return done.await(5, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public synchronized boolean ended(int branch) {
    return results[branch] != null;
  }

  public synchronized BranchResult result(int branch) {
    return results[branch];
  }

  public synchronized RequestUsage usage() {
    if (usage == null) {
      throw new IllegalStateException("the request has not ended");
    }
    return usage;
  }

  public synchronized int[] streamed(int branch) {
    return streamed.get(branch).stream().mapToInt(Integer::intValue).toArray();
  }
}
