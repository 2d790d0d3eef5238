package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.cuda.Ledger.Kind;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several backends in one context. */
final class CudaDeviceTest {
  private Map<Kind, Integer> before = Map.of();
  private long bytesBefore;

  @BeforeEach
  void count() {
    TestCuda.require();
    before = Driver.ledger().open();
    bytesBefore = Driver.ledger().deviceBytes();
  }

  @Test
  void shouldFreeWhatOneModelTookAndLeaveTheOthers() {
    try (ComputeDevice device = new CudaBackendProvider().open(0)) {
      ComputeBackend stays = device.backend(new BackendOptions(Arithmetic.F32, 0));
      Rows rows = stays.rows(4, 64);
      float[] values = new float[256];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      stays.write(rows, values);
      Map<Kind, Integer> one = Driver.ledger().open();
      long bytesOfOne = Driver.ledger().deviceBytes();
      for (int cycle = 0; cycle < 10; cycle++) {
        try (ComputeBackend comes = device.backend(BackendOptions.DEFAULTS)) {
          comes.rows(100, 512);
          assertThat(Driver.ledger().open().get(Kind.CONTEXT))
              .isEqualTo(before.getOrDefault(Kind.CONTEXT, 0) + 1);
          assertThat(Driver.ledger().deviceBytes()).isGreaterThan(bytesOfOne);
        }
        assertThat(Driver.ledger().open()).as("cycle %d", cycle).isEqualTo(one);
        assertThat(Driver.ledger().deviceBytes()).isEqualTo(bytesOfOne);
      }
      float[] found = new float[256];
      stays.read(rows, found);
      assertThat(found).isEqualTo(values);
    }
    assertThat(Driver.ledger().open()).isEqualTo(before);
    assertThat(Driver.ledger().deviceBytes()).isEqualTo(bytesBefore);
  }

  @Test
  void shouldCloseBackendsWithTheDevice() {
    ComputeDevice device = new CudaBackendProvider().open(0);
    ComputeBackend first = device.backend(BackendOptions.DEFAULTS);
    ComputeBackend second = device.backend(BackendOptions.DEFAULTS);
    first.rows(8, 64);
    second.rows(8, 64);

    device.close();
    first.close();
    second.close();
    device.close();

    assertThat(Driver.ledger().open()).isEqualTo(before);
    assertThat(Driver.ledger().deviceBytes()).isEqualTo(bytesBefore);
  }
}
