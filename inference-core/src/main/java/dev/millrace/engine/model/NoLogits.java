package dev.millrace.engine.model;

import dev.millrace.engine.backend.Logits;
import java.util.Locale;

/** Logits of no row: what a step gives that only fills the cache. Immutable. */
record NoLogits(int vocabulary) implements Logits {

  @Override
  public int rows() {
    return 0;
  }

  @Override
  public int argmax(int row) {
    throw new IndexOutOfBoundsException(String.format(Locale.ROOT, "row %d of none", row));
  }

  @Override
  public void logProbabilities(int row, int[] ids, double[] out) {
    throw new IndexOutOfBoundsException(String.format(Locale.ROOT, "row %d of none", row));
  }

  @Override
  public void copy(int row, float[] out) {
    throw new IndexOutOfBoundsException(String.format(Locale.ROOT, "row %d of none", row));
  }
}
