package dev.millrace.engine.backend.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Neighbouring rows times one panel of a weight: a task of a product.
 *
 * @param panel number of the panel
 * @param row first of the rows
 * @param rows number of rows, at most a tile's
 */
record Part(int panel, int row, int rows) {

  private static final int ROWS = Product.TILE_ROWS_MAX;

  /** The parts of a product; neighbours share a panel, which then is still in a core's cache. */
  static List<Part> all(PackedMatrix matrix, int rows) {
    List<Part> parts = new ArrayList<>(matrix.panels() * Math.ceilDiv(rows, ROWS));
    for (int panel = 0; panel < matrix.panels(); panel++) {
      addAll(parts, panel, rows);
    }
    return parts;
  }

  /**
   * The parts of a product whose first outputs are wanted of some rows only. A panel that has other
   * outputs, too, is computed for all rows.
   *
   * @param outputs how many outputs are meant
   * @param wanted rows of theirs that are wanted, ascending
   */
  static List<Part> some(PackedMatrix matrix, int rows, int outputs, int[] wanted) {
    List<Part> parts = new ArrayList<>();
    int panel = 0;
    for (; panel < matrix.panels() && end(matrix, panel) <= outputs; panel++) {
      for (int i = 0; i < wanted.length; ) {
        int first = wanted[i];
        int last = first;
        for (; i < wanted.length && wanted[i] < first + ROWS; i++) {
          last = wanted[i];
        }
        parts.add(new Part(panel, first, last + 1 - first));
      }
    }
    for (; panel < matrix.panels(); panel++) {
      addAll(parts, panel, rows);
    }
    return parts;
  }

  private static int end(PackedMatrix matrix, int panel) {
    return panel * matrix.panelOutputs() + matrix.outputsOf(panel);
  }

  private static void addAll(List<Part> parts, int panel, int rows) {
    for (int row = 0; row < rows; row += ROWS) {
      parts.add(new Part(panel, row, Math.min(ROWS, rows - row)));
    }
  }
}
