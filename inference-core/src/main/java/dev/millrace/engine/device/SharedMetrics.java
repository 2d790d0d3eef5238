package dev.millrace.engine.device;

import dev.millrace.engine.metrics.EngineMetrics;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Tells every user of a model what it does. Thread-safe. */
final class SharedMetrics implements EngineMetrics {
  private final List<EngineMetrics> users = new CopyOnWriteArrayList<>();

  void add(EngineMetrics user) {
    users.add(user);
  }

  void remove(EngineMetrics user) {
    users.remove(user);
  }

  @Override
  public void step(String model, int decodeRows, int prefillRows, long nanos) {
    users.forEach(user -> user.step(model, decodeRows, prefillRows, nanos));
  }

  @Override
  public void request(
      String model,
      int prefixTokens,
      int cachedTokens,
      int suffixTokens,
      int generatedTokens,
      long queueNanos,
      long totalNanos) {
    users.forEach(user ->
        user.request(
            model,
            prefixTokens,
            cachedTokens,
            suffixTokens,
            generatedTokens,
            queueNanos,
            totalNanos));
  }

  @Override
  public void failure(String model, String reason) {
    users.forEach(user -> user.failure(model, reason));
  }

  @Override
  public void load(String model, int waitingRequests, int runningRequests, int kvBlocksFree) {
    users.forEach(user -> user.load(model, waitingRequests, runningRequests, kvBlocksFree));
  }
}
