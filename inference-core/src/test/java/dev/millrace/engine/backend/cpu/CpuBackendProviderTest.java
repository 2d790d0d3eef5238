package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.tensor.DType;
import dev.millrace.kernels.CpuKernels;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Isolated("sets properties of the system")
class CpuBackendProviderTest {

  private final CpuBackendProvider provider = new CpuBackendProvider();

  @AfterEach
  void forgetTheProperty() {
    System.clearProperty(CpuBackendProvider.KERNELS_PROPERTY);
  }

  @Test
  void shouldRunWithoutNativeCodeWhenAsked() {
    System.setProperty(CpuBackendProvider.KERNELS_PROPERTY, "java");

    try (ComputeBackend backend = provider.create(new BackendOptions(Arithmetic.AUTO, 1))) {
      assertThat(backend.info().arithmetic()).isEqualTo("f32");
      assertThat(backend.info().threads()).isEqualTo(1);
      assertThat(backend.info().device()).contains("Java vectors");
      assertThat(backend.info().kernelBuild()).isEmpty();
    }
  }

  @Test
  void shouldKeepToOneDnnWhenAsked() {
    Assumptions.assumeTrue(
        provider.multipliesBfloat16(), "NOT TESTED: this processor does not multiply bfloat16");
    System.setProperty(CpuBackendProvider.KERNELS_PROPERTY, "onednn");

    try (ComputeBackend backend = provider.create(new BackendOptions(Arithmetic.AUTO, 1))) {
      assertThat(backend.info().device()).contains("oneDNN").doesNotContain("compact");
      assertThat(backend.info().kernelBuild()).isEmpty();
    }
  }

  @Test
  void shouldNameItsOwnCodeWhereThatComputes() {
    try (ComputeBackend backend = provider.create(new BackendOptions(Arithmetic.AUTO, 1))) {
      Assumptions.assumeTrue(
          backend.info().device().contains("compact"),
          "NOT TESTED: this processor is not one for the cpu backend's own code");

      assertThat(backend.info().kernelBuild())
          .isEqualTo(CpuKernels.libraryDigest())
          .matches("[0-9a-f]{64}");
    }
  }

  @Test
  void shouldRefuseKernelsItDoesNotKnow() {
    System.setProperty(CpuBackendProvider.KERNELS_PROPERTY, "fast");

    assertThatThrownBy(() -> provider.create(BackendOptions.DEFAULTS))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("-Dmillrace.cpu.kernels is \"fast\", expected onednn or java");
  }

  @Test
  void shouldRefuseBfloat16WithoutNativeCode() {
    System.setProperty(CpuBackendProvider.KERNELS_PROPERTY, "java");

    assertThatThrownBy(() -> provider.create(new BackendOptions(Arithmetic.BF16, 1)))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("f32");
  }

  @Test
  void shouldTakeTheArithmeticThatTheProcessorMultipliesBest() {
    String expected = provider.multipliesBfloat16() ? "bf16" : "f32";

    try (ComputeBackend backend = provider.create(BackendOptions.DEFAULTS)) {
      assertThat(backend.info().arithmetic()).isEqualTo(expected);
      assertThat(backend.info().threads()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16"})
  void shouldNotRoundWeightsThatAreStoredInMoreBits(DType weights) {
    try (ComputeBackend backend = provider.create(BackendOptions.DEFAULTS.withWeights(weights))) {
      assertThat(backend.info().arithmetic()).isEqualTo("f32");
    }
  }
}
