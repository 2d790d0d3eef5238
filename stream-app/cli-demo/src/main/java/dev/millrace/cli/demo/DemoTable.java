package dev.millrace.cli.demo;

import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Outcomes as a table for a terminal. */
final class DemoTable {

  private static final int LEAST_WIDTH = 60;

  private DemoTable() {}

  /** One line per outcome below a heading. */
  static List<String> render(List<Outcomes.Seen> outcomes, int width) {
    ResultTable table =
        new ResultTable(
            List.of(
                new ResultTable.Column("document", 14, 2, false),
                new ResultTable.Column("class", 10, 0, false),
                new ResultTable.Column("p", 4, 0, true),
                new ResultTable.Column("summary", 12, 4, false),
                new ResultTable.Column("translation", 12, 4, false)),
            Math.max(width, LEAST_WIDTH));
    return table.render(outcomes.stream().map(DemoTable::row).toList());
  }

  private static List<String> row(Outcomes.Seen seen) {
    return switch (seen.outcome()) {
      case Outcome.Enriched(Enrichment enrichment) -> row(seen.id(), enrichment, "");
      case Outcome.Quarantined(Enrichment enrichment) ->
          row(seen.id(), enrichment, "quarantined: ");
      case Outcome.Rejected(var reason, String message) ->
          List.of(seen.id(), reason.name(), "", message, "");
      case Outcome.Deleted _ -> List.of(seen.id(), "deleted", "", "", "");
    };
  }

  private static List<String> row(String id, Enrichment enrichment, String mark) {
    var classification = enrichment.classification();
    var likeliest = classification.flatMap(Answers.Classification::likeliest);
    boolean abstained = classification.filter(Answers.Classification::abstained).isPresent();
    return List.of(
        id,
        likeliest.map(label -> (abstained ? "?" : "") + label.label()).orElse(""),
        likeliest.map(label -> String.format(Locale.ROOT, "%.2f", label.probability())).orElse(""),
        mark + enrichment.summary().orElse(""),
        translation(enrichment.translations()));
  }

  private static String translation(Map<String, String> translations) {
    return translations.entrySet().stream()
        .map(text -> text.getKey() + ": " + text.getValue())
        .findFirst()
        .orElse("");
  }
}
