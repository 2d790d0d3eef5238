package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.architecture.Router;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Which rows go to which expert, in one step. A choice is one (row, rank) pair; choices of an
 * expert stand side by side in row order. Immutable once made.
 */
final class Routing {

  private final int[] expertOf;
  private final float[] scoreOf;
  private final int[] orderedChoices;
  private final int[] starts;

  private Routing(int[] expertOf, float[] scoreOf, int experts) {
    this.expertOf = expertOf;
    this.scoreOf = scoreOf;
    this.starts = new int[experts + 1];
    this.orderedChoices = new int[expertOf.length];
    for (int expert : expertOf) {
      starts[expert + 1]++;
    }
    for (int e = 0; e < experts; e++) {
      starts[e + 1] += starts[e];
    }
    int[] next = starts.clone();
    for (int choice = 0; choice < expertOf.length; choice++) {
      orderedChoices[next[expertOf[choice]]++] = choice;
    }
  }

  /**
   * Chooses the {@code topK} largest logits of each row, the smaller index first among equals, and
   * scores each choice by the rule.
   *
   * @param logits floats [rows, stride]
   */
  static Routing of(
      MemorySegment logits, int rows, int experts, int stride, int topK, Router rule) {
    int[] expertOf = new int[rows * topK];
    float[] scoreOf = new float[rows * topK];
    float[] values = new float[experts];
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(
          logits, ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * row * stride, values, 0, experts);
      double all =
          rule instanceof Router.SoftmaxOnOutput(boolean normalised) && !normalised
              ? exponentials(values, 0, experts, values[largest(values)])
              : 0;
      int at = row * topK;
      for (int rank = 0; rank < topK; rank++) {
        int best = largest(values);
        expertOf[at + rank] = best;
        scoreOf[at + rank] = values[best];
        values[best] = Float.NEGATIVE_INFINITY;
      }
      switch (rule) {
        case Router.SigmoidOnInput() -> sigmoid(scoreOf, at, topK);
        case Router.SoftmaxOnOutput(boolean normalised) ->
            softmax(
                scoreOf, at, topK, normalised ? exponentials(scoreOf, at, topK, scoreOf[at]) : all);
      }
    }
    return new Routing(expertOf, scoreOf, experts);
  }

  /** Logits become their sigmoids. */
  private static void sigmoid(float[] values, int at, int count) {
    for (int i = at; i < at + count; i++) {
      values[i] = (float) (1 / (1 + StrictMath.exp(-values[i])));
    }
  }

  /** Logits, the largest first, become their exponentials' parts of a sum. */
  private static void softmax(float[] values, int at, int count, double sum) {
    float largest = values[at];
    for (int i = at; i < at + count; i++) {
      values[i] = (float) (StrictMath.exp((double) values[i] - largest) / sum);
    }
  }

  private static double exponentials(float[] values, int at, int count, float largest) {
    double sum = 0;
    for (int i = at; i < at + count; i++) {
      sum += StrictMath.exp((double) values[i] - largest);
    }
    return sum;
  }

  private static int largest(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Number of choices. */
  int choices() {
    return expertOf.length;
  }

  /** Number of rows that chose {@code expert}. */
  int rowsOf(int expert) {
    return starts[expert + 1] - starts[expert];
  }

  /** The {@code index}-th choice of {@code expert}: row * topK + rank. */
  int choice(int expert, int index) {
    return orderedChoices[starts[expert] + index];
  }

  /** Weight of a choice. */
  float score(int choice) {
    return scoreOf[choice];
  }
}
