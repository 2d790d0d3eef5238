package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.StepLayout;
import java.util.List;

/**
 * A step's layout, row by row. Immutable.
 *
 * @param rows number of rows
 * @param tokens token of each row
 * @param positions absolute position of each row
 * @param runs the layout's runs
 * @param runOfRow index of the run of each row
 * @param firstRows first row of each run
 */
record Step(
    int rows,
    int[] tokens,
    int[] positions,
    List<StepLayout.Run> runs,
    int[] runOfRow,
    int[] firstRows) {

  static Step of(StepLayout layout) {
    int rows = layout.rows();
    int[] tokens = new int[rows];
    int[] positions = new int[rows];
    int[] runOfRow = new int[rows];
    int[] firstRows = new int[layout.runs().size()];
    int row = 0;
    for (int r = 0; r < firstRows.length; r++) {
      StepLayout.Run run = layout.runs().get(r);
      firstRows[r] = row;
      for (int i = 0; i < run.tokens().length; i++) {
        tokens[row] = run.tokens()[i];
        positions[row] = run.position() + i;
        runOfRow[row] = r;
        row++;
      }
    }
    return new Step(rows, tokens, positions, layout.runs(), runOfRow, firstRows);
  }

  /** The step of some of the rows; see {@link StepLayout#keep}. */
  Step keep(int[] rows) {
    return of(new StepLayout(runs).keep(rows));
  }

  /** Block that holds a row's own position. */
  int blockOf(int row, KvShape shape) {
    return shape.table(runs.get(runOfRow[row]))[positions[row] / shape.blockTokens()];
  }
}
