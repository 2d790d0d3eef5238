package dev.millrace.operations.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClientSettingsTest {

  /** Of two names that are equally near, the first is suggested. */
  @Test
  void shouldListKnownNamesInOneOrder() {
    assertThat(List.copyOf(ClientSettings.known())).isSorted().hasSizeGreaterThan(100);
  }
}
