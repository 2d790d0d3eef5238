package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schema.avro.Document;
import org.apache.avro.util.ClassSecurityValidator;
import org.junit.jupiter.api.Test;

class TrustedClassesTest {

  /** The default of a list of records makes Avro look for the record's class. */
  @Test
  void shouldBuildRecordsWithDefaultsOnceTheWireIsUsed() {
    assertThat(SchemaCatalog.current()).isNotNull();

    Document document = Document.newBuilder().setId("1").setText("t").build();

    assertThat(document.getImages()).isEmpty();
  }

  @Test
  void shouldTrustNobodyElse() {
    TrustedClasses.trust();

    assertThatThrownBy(() -> ClassSecurityValidator.validate(ProcessBuilder.class))
        .isInstanceOf(SecurityException.class);
    ClassSecurityValidator.validate(Document.class);
  }
}
