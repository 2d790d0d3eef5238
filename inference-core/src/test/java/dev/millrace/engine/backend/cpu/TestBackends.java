package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import org.junit.jupiter.api.Assumptions;

/** CPU backends of every kind, or a loud skip. */
final class TestBackends {

  private TestBackends() {}

  /** The fastest one of this arithmetic, with our own code where that is used. */
  static ComputeBackend fastest(Arithmetic arithmetic, int threads) {
    return create(arithmetic, threads, "");
  }

  /** What processors get that our own code is not for. */
  static ComputeBackend oneDnn(Arithmetic arithmetic, int threads) {
    return create(arithmetic, threads, "onednn");
  }

  private static ComputeBackend create(Arithmetic arithmetic, int threads, String kernels) {
    CpuBackendProvider provider = new CpuBackendProvider();
    Assumptions.assumeTrue(
        provider.oneDnnLoads(), "NOT TESTED: oneDNN does not load on this machine");
    Assumptions.assumeTrue(
        arithmetic != Arithmetic.BF16 || provider.multipliesBfloat16(),
        "NOT TESTED: this processor does not multiply bfloat16");
    return provider.create(new BackendOptions(arithmetic, threads), kernels);
  }

  static ComputeBackend java(int threads) {
    return CpuDevice.withJava(threads, "asked for")
        .onlyBackend(new BackendOptions(Arithmetic.F32, threads));
  }
}
