package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Logits;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/**
 * Logits on the device. Questions are answered from summaries that came back with the step; single
 * logits and whole rows are fetched when they are asked for. Owned by the engine thread.
 */
final class CudaLogits implements Logits {

  private final Head head;
  private final Head.Selected selected;
  private final BooleanSupplier current;
  private int wave;
  private boolean arrived;

  /**
   * Views the logits whose first wave the head has just begun to compute.
   *
   * @param current whether the step that made them is still the last one
   */
  CudaLogits(Head head, Head.Selected selected, BooleanSupplier current) {
    this.head = head;
    this.selected = selected;
    this.current = current;
  }

  @Override
  public int rows() {
    return selected.rows().length;
  }

  @Override
  public int vocabulary() {
    return selected.head().outputs();
  }

  /** The row's place in its wave, which is there when this returns. */
  private int fetch(int row) {
    if (row < 0 || row >= rows()) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "row %d of %d logit rows", row, rows()));
    }
    if (!current.getAsBoolean()) {
      throw new IllegalStateException("these logits ended when the next step began");
    }
    int wanted = row / head.waveRows();
    if (wanted != wave) {
      head.compute(selected, wanted);
      wave = wanted;
      arrived = false;
    }
    if (!arrived) {
      head.await();
      arrived = true;
    }
    return row % head.waveRows();
  }

  @Override
  public int argmax(int row) {
    return head.argmax(fetch(row));
  }

  @Override
  public void logProbabilities(int row, int[] ids, double[] out) {
    if (ids.length != out.length) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%d ids but room for %d results", ids.length, out.length));
    }
    for (int id : ids) {
      if (id < 0 || id >= vocabulary()) {
        throw new IndexOutOfBoundsException(
            String.format(Locale.ROOT, "token %d of a vocabulary of %d", id, vocabulary()));
      }
    }
    int place = fetch(row);
    double logSum = head.logSum(place);
    float[] values = new float[ids.length];
    head.gather(place, ids, values, vocabulary());
    for (int i = 0; i < ids.length; i++) {
      out[i] = values[i] - logSum;
    }
  }

  @Override
  public void copy(int row, float[] out) {
    if (out.length < vocabulary()) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "room for %d of %d logits", out.length, vocabulary()));
    }
    head.copy(fetch(row), out, vocabulary());
  }

  @Override
  public OptionalInt choose(int row, double temperature, double topP, double uniform) {
    if (vocabulary() > Head.SAMPLE_VOCABULARY_MAX) {
      return OptionalInt.empty();
    }
    int place = fetch(row);
    return OptionalInt.of(head.choose(place, temperature, topP, uniform, vocabulary()));
  }
}
