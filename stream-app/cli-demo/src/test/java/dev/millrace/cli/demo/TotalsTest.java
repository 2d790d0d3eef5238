package dev.millrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.DisplayWidth;
import dev.millrace.enrichment.EnrichmentSample;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.SourcePosition;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class TotalsTest {

  private static final Totals TOTALS =
      Totals.of(
          List.of(
              new Outcome.Enriched(EnrichmentSample.full()),
              new Outcome.Quarantined(EnrichmentSample.full()),
              new Outcome.Rejected(RejectReason.TOO_LONG, "m")),
          Duration.ofMillis(4500),
          Duration.ofMillis(500));

  @Test
  void shouldSumWhatTheRecordsSay() {
    assertThat(TOTALS)
        .isEqualTo(
            new Totals(
                3,
                1,
                1,
                1,
                22,
                24,
                26,
                28,
                OptionalDouble.of(0.5),
                Duration.ofMillis(4500),
                Duration.ofMillis(500)));
    assertThat(TOTALS.documentsPerSecond()).isEqualTo(6);
  }

  @Test
  void shouldNotDivideByNothing() {
    Totals one = Totals.of(List.of(), Duration.ZERO, Duration.ZERO);

    assertThat(one.documentsPerSecond()).isZero();
  }

  @Test
  void shouldWriteOneLineOfJson() {
    assertThat(TOTALS.json())
        .isEqualTo(
            """
            {"totals":{"documents":3,"enriched":1,"quarantined":1,"deadLetters":1,\
            "documentTokens":22,"promptTokens":24,"cachedTokens":26,"generatedTokens":28,\
            "apiCostUsd":0.5,"startToFirstMillis":4500,"sentToLastMillis":500,\
            "documentsPerSecond":6.0}}\
            """);
  }

  @Test
  void shouldTellAPerson() {
    assertThat(TOTALS.lines())
        .containsExactly(
            "3 documents: 1 enriched, 1 quarantined, 1 dead letters; each exactly once",
            "24 prompt tokens (22 of documents, 26 from the cache), 28 generated",
            "first outcome 4.5 s after the start of the program; 6.0 documents a second from"
                + " sending to the last outcome; an API would have charged $0.5000");
  }

  @Test
  void shouldNotCallAnUnknownPriceNothing() {
    Totals unpriced =
        Totals.of(
            List.of(new Outcome.Enriched(EnrichmentSample.bare())),
            Duration.ofMillis(4500),
            Duration.ofMillis(500));

    assertThat(unpriced.json()).contains("\"apiCostUsd\":null");
    assertThat(unpriced.lines().getLast()).endsWith("to the last outcome");
  }

  @Test
  void shouldDrawOneLineForEachOutcome() {
    List<String> lines =
        DemoTable.render(
            List.of(
                new Outcomes.Seen(
                    new SourcePosition("documents", 0, 0),
                    "doc-1",
                    new Outcome.Quarantined(EnrichmentSample.full())),
                new Outcomes.Seen(
                    new SourcePosition("documents", 0, 1),
                    "doc-2",
                    new Outcome.Rejected(RejectReason.TOO_LONG, "found 9"))),
            100);

    assertThat(lines).hasSize(4);
    assertThat(lines.get(2)).contains("doc-1", "?science", "0.70", "quarantined: a summ", "it: un");
    assertThat(lines.get(3)).contains("doc-2", "TOO_LONG", "found 9");
    assertThat(lines).allMatch(line -> DisplayWidth.of(line) <= 100);
  }
}
