package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class LeastTileTest {

  @Test
  void shouldFindOneOfTwoSizesAndKeepIt() {
    Assumptions.assumeTrue(
        new CpuBackendProvider().oneDnnLoads(), "NOT TESTED: oneDNN does not load here");
    OneDnn dnn = new OneDnn(NativeLibraries.unpack());
    dnn.useThisThreadOnly();

    int found = LeastTile.on(dnn, ElementType.F32);

    assertThat(found).isIn(1, 4);
    for (int i = 0; i < 3; i++) {
      assertThat(LeastTile.on(dnn, ElementType.F32)).isEqualTo(found);
    }
  }
}
