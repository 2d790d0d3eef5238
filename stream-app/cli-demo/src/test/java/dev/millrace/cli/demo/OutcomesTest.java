package dev.millrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.demo.Outcomes.Seen;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.SourcePosition;
import org.junit.jupiter.api.Test;

class OutcomesTest {

  private final Outcomes outcomes = new Outcomes();

  @Test
  void shouldFindNoFaultWhereEachDocumentCameOutOnce() {
    outcomes.produced(new SourcePosition("documents", 0, 1), "a");
    outcomes.produced(new SourcePosition("documents", 1, 1), "b");

    assertThat(outcomes.add(seen(1, 1, "b"))).isTrue();
    assertThat(outcomes.add(seen(0, 1, "a"))).isTrue();

    assertThat(outcomes.faults()).isEmpty();
    assertThat(outcomes.all()).extracting(Seen::id).containsExactly("b", "a");
  }

  @Test
  void shouldReportWhatIsMissing() {
    outcomes.produced(new SourcePosition("documents", 0, 7), "a");

    assertThat(outcomes.faults()).containsExactly("document a at documents-0-7 has no outcome");
  }

  @Test
  void shouldReportWhatCameTwice() {
    outcomes.produced(new SourcePosition("documents", 0, 7), "a");
    outcomes.add(seen(0, 7, "a"));

    assertThat(outcomes.add(seen(0, 7, "a"))).isFalse();
    assertThat(outcomes.faults()).containsExactly("document a at documents-0-7 came out twice");
    assertThat(outcomes.size()).isEqualTo(1);
  }

  @Test
  void shouldReportAnOutcomeOfNothing() {
    outcomes.add(seen(2, 3, "x"));

    assertThat(outcomes.faults())
        .containsExactly("an outcome names documents-2-3, where nothing was written");
  }

  @Test
  void shouldReportAnOutcomeUnderAnotherName() {
    outcomes.produced(new SourcePosition("documents", 0, 0), "a");
    outcomes.add(seen(0, 0, "b"));

    assertThat(outcomes.faults()).containsExactly("the outcome of a at documents-0-0 names b");
  }

  private static Seen seen(int partition, long offset, String id) {
    return new Seen(
        new SourcePosition("documents", partition, offset),
        id,
        new Outcome.Rejected(RejectReason.TOO_LONG, "found 9, expected 8"));
  }
}
