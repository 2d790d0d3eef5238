package dev.millrace.engine.backend;

/**
 * What a backend is; goes into the start-up line, the health page and each record's provenance.
 *
 * @param name short name: {@code reference}, {@code cpu}, {@code cuda}
 * @param device the device in words, instruction set included
 * @param arithmetic storage type of matrix products' operands: {@code f64}, {@code f32}, {@code
 *     bf16}
 * @param threads compute threads; 0 on a GPU
 * @param determinism what can be relied on, e.g. {@code bitwise-same-build-and-device-type}
 * @param kernelBuild digest of this software's own compiled kernels that compute; empty where none
 *     do
 */
public record BackendInfo(
    String name,
    String device,
    String arithmetic,
    int threads,
    String determinism,
    String kernelBuild) {

  /** A backend without compiled kernels of its own. */
  public BackendInfo(
      String name, String device, String arithmetic, int threads, String determinism) {
    this(name, device, arithmetic, threads, determinism, "");
  }
}
