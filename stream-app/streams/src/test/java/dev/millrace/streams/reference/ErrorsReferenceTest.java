package dev.millrace.streams.reference;

import org.junit.jupiter.api.Test;

class ErrorsReferenceTest {

  @Test
  void shouldKeepTheReferencePageCurrent() {
    GeneratedPage.check("reference/errors.md", ErrorsReference.markdown());
  }
}
