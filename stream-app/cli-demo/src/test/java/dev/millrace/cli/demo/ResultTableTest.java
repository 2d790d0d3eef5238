package dev.millrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.cli.DisplayWidth;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTableTest {

  private static final List<ResultTable.Column> COLUMNS =
      List.of(
          new ResultTable.Column("document", 8, 1, false),
          new ResultTable.Column("p", 4, 0, true),
          new ResultTable.Column("summary", 8, 3, false));

  @Test
  void shouldShareTheWidthByWeight() {
    List<String> lines =
        new ResultTable(COLUMNS, 40)
            .render(List.of(List.of("a-very-long-package-name", "0.9", "short")));

    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).isEqualTo("document         p  summary");
    assertThat(lines.get(1)).hasSize(40);
    assertThat(lines.get(2)).isEqualTo("a-very-long…   0.9  short");
  }

  @Test
  void shouldNeverExceedTheWidth() {
    for (int width = 24; width < 120; width++) {
      List<String> lines =
          new ResultTable(COLUMNS, width)
              .render(List.of(List.of("日本語".repeat(40), "0.1234", "x\ny ".repeat(80))));
      for (String line : lines) {
        assertThat(DisplayWidth.of(line)).isLessThanOrEqualTo(width);
      }
    }
  }

  @Test
  void shouldRefuseARowOfAnotherLength() {
    assertThatThrownBy(() -> new ResultTable(COLUMNS, 80).render(List.of(List.of("a"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 cells, got 1");
  }
}
