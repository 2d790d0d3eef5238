package dev.millrace.engine.sampling;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.request.SamplingParams;
import java.util.OptionalInt;

/**
 * Chooses one token of a row of logits.
 *
 * <p>With a temperature: the tokens are ordered by falling logit (the smaller id first in a tie),
 * the shortest beginning of that order whose probability reaches {@code topP} is kept, and the
 * token at the random point of its mass is chosen. All sums run in a fixed order in double
 * precision, so the choice is a function of the row, the parameters and the position.
 *
 * <p>A row without numbers (all not-a-number) gives some token of the vocabulary, as greedy choice
 * does. Owned by one thread: it keeps scratch memory of one row.
 */
public final class TokenSampler {
  /** A token this many temperatures below the best one weighs nothing in double precision. */
  private static final double NEGLIGIBLE = -50;

  private float[] logits = {};
  private double[] weights = {};
  private int[] heap = {};

  /**
   * The token at {@code position}.
   *
   * @param row of {@code source}
   * @param position absolute position that the token will have
   */
  public int choose(Logits source, int row, SamplingParams params, long position) {
    if (params.greedy()) {
      return source.argmax(row);
    }
    double uniform = CounterRandom.uniform(params.seed(), position);
    OptionalInt chosen = source.choose(row, params.temperature(), params.topP(), uniform);
    if (chosen.isPresent()) {
      return chosen.getAsInt();
    }
    if (logits.length != source.vocabulary()) {
      logits = new float[source.vocabulary()];
      weights = new double[source.vocabulary()];
      heap = new int[source.vocabulary()];
    }
    source.copy(row, logits);
    return choose(params, uniform);
  }

  private int choose(SamplingParams params, double uniform) {
    double max = logits[LogSoftmax.argmax(logits)];
    double total = 0;
    int candidates = 0;
    for (int id = 0; id < logits.length; id++) {
      double exponent = (logits[id] - max) / params.temperature();
      if (exponent >= NEGLIGIBLE) {
        weights[id] = StrictMath.exp(exponent);
        total += weights[id];
        heap[candidates++] = id;
      }
    }
    if (candidates == 0) {
      return LogSoftmax.argmax(logits);
    }
    heapify(candidates);
    double wanted = params.topP() * total;
    double mass = 0;
    int kept = 0;
    while (kept < candidates && (kept == 0 || mass < wanted)) {
      int best = heap[0];
      heap[0] = heap[candidates - kept - 1];
      heap[candidates - kept - 1] = best;
      kept++;
      sink(0, candidates - kept);
      mass += weights[best];
    }
    double point = uniform * mass;
    double passed = 0;
    for (int i = 1; i < kept; i++) {
      int id = heap[candidates - i];
      passed += weights[id];
      if (point < passed) {
        return id;
      }
    }
    return heap[candidates - kept];
  }

  private void heapify(int size) {
    for (int i = size / 2 - 1; i >= 0; i--) {
      sink(i, size);
    }
  }

  private void sink(int from, int size) {
    int at = from;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        return;
      }
      if (child + 1 < size && before(heap[child + 1], heap[child])) {
        child++;
      }
      if (before(heap[at], heap[child])) {
        return;
      }
      int moved = heap[at];
      heap[at] = heap[child];
      heap[child] = moved;
      at = child;
    }
  }

  private boolean before(int a, int b) {
    return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
  }
}
