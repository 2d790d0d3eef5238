package dev.millrace.streams.deadletter;

import dev.millrace.streams.GeneratedPage;
import org.junit.jupiter.api.Test;

class ErrorsReferenceTest {

  @Test
  void shouldKeepTheReferencePageCurrent() {
    GeneratedPage.check("errors.md", ErrorsReference.markdown());
  }
}
