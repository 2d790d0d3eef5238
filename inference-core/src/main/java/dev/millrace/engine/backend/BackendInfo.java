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
 */
public record BackendInfo(
    String name, String device, String arithmetic, int threads, String determinism) {}
