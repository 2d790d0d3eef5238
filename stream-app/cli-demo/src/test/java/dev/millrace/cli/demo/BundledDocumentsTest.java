package dev.millrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Document;
import java.util.List;
import org.junit.jupiter.api.Test;

class BundledDocumentsTest {

  @Test
  void shouldBundleManyRealDocumentsOfSeveralLengthsAndLanguages() {
    List<Document> documents = BundledDocuments.all();

    assertThat(documents).hasSize(400).extracting(Document::id).doesNotHaveDuplicates();
    assertThat(documents).allMatch(document -> document.text().length() > 100);
    assertThat(documents).filteredOn(d -> d.text().length() > 2400).hasSize(24);
    assertThat(documents).filteredOn(d -> d.language().equals("en")).hasSize(340);
    assertThat(documents)
        .extracting(Document::language)
        .containsOnly("en", "it", "fr", "de")
        .contains("it", "fr", "de");
  }

  @Test
  void shouldGiveReusedDocumentsTheirOwnIds() {
    List<Document> documents = BundledDocuments.take(801);

    assertThat(documents).extracting(Document::id).doesNotHaveDuplicates();
    assertThat(documents.get(400).id()).isEqualTo(documents.get(0).id() + "#2");
    assertThat(documents.get(800).text()).isEqualTo(documents.get(0).text());
  }

  @Test
  void shouldRefuseToTakeNone() {
    assertThatThrownBy(() -> BundledDocuments.take(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got 0");
  }
}
