package dev.millrace.cli.demo;

import dev.millrace.cli.DisplayWidth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A table for a terminal: fixed columns share the width by weight, a row is one line. Immutable.
 *
 * @param columns at least one
 * @param width columns of the terminal
 */
record ResultTable(List<Column> columns, int width) {

  private static final String GAP = "  ";

  /** Copies the columns and refuses none. */
  ResultTable {
    columns = List.copyOf(columns);
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("a table has at least one column");
    }
  }

  /**
   * One column.
   *
   * @param title its heading
   * @param least columns it takes at least
   * @param weight its share of what is left; 0 for a column of fixed width
   * @param alignRight numbers stand to the right
   */
  record Column(String title, int least, int weight, boolean alignRight) {}

  /** Lines of the table: heading, rule, one line per row. */
  List<String> render(List<List<String>> rows) {
    int[] widths = widths();
    List<String> lines = new ArrayList<>();
    lines.add(line(widths, columns.stream().map(Column::title).toList()));
    lines.add("─".repeat(Math.min(width, Arrays.stream(widths).sum() + gaps())));
    rows.forEach(row -> lines.add(line(widths, row)));
    return lines;
  }

  private int gaps() {
    return GAP.length() * (columns.size() - 1);
  }

  private int[] widths() {
    int least = columns.stream().mapToInt(Column::least).sum() + gaps();
    int weights = columns.stream().mapToInt(Column::weight).sum();
    int spare = Math.max(0, width - least);
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      Column column = columns.get(i);
      widths[i] = column.least() + (weights == 0 ? 0 : spare * column.weight() / weights);
    }
    return widths;
  }

  private String line(int[] widths, List<String> cells) {
    if (cells.size() != widths.length) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "a row has %d cells, got %d", widths.length, cells.size()));
    }
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String cell = DisplayWidth.cut(DisplayWidth.oneLine(cells.get(i)), widths[i]);
      String fill = " ".repeat(Math.max(0, widths[i] - DisplayWidth.of(cell)));
      line.append(i == 0 ? "" : GAP)
          .append(columns.get(i).alignRight() ? fill + cell : cell + fill);
    }
    return line.toString().stripTrailing();
  }
}
