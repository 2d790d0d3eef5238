package dev.millrace.operations.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.Decoded;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SampleReportTest {

  @Test
  void shouldTellKindsAndLengthsAndNeverAContent() {
    SampleReport report = new SampleReport();
    report.add(new Decoded.Success(document("1", "")), 7);
    report.add(
        new Decoded.Success(
            new Document(
                "22", "secret", "en", "", "", "", Map.of("k", "\ud83d\ude00"), Instant.EPOCH)),
        7);
    report.add(new Decoded.Deletion(), 7);
    report.add(new Decoded.Invalid(RejectReason.UNDECODABLE, "no JSON"), 7);
    report.add(new Decoded.Invalid(RejectReason.UNDECODABLE, "no JSON"), 7);

    assertThat(report.records()).isEqualTo(5);
    assertThat(report.hasFaults()).isTrue();
    assertThat(report.lines("notes"))
        .containsExactly(
            "input notes: 5 records, 2 documents, 1 deletions, 2 faults",
            "  id           a text of 1 characters",
            "  text         a text of 6 characters",
            "  language     a text of 2 characters",
            "  title        in none of them",
            "  source       in none of them",
            "  tenant       in none of them",
            "  createdAt    a time",
            "  attributes.k a text of 1 characters",
            "  2 times UNDECODABLE: no JSON");
  }

  @Test
  void shouldNotTakeTheRecordsTimeForTheDocuments() {
    SampleReport report = new SampleReport();
    report.add(new Decoded.Success(document("1", "x")), 0);

    assertThat(report.hasFaults()).isFalse();
    assertThat(report.lines("notes")).contains("  createdAt    in none of them");
  }

  private static Document document(String id, String language) {
    return Document.of(id, "secret", language);
  }
}
