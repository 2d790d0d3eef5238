package dev.millrace.engine.backend;

import dev.millrace.engine.tensor.DType;

/**
 * What a user may choose about a backend, and what it has to know of the model before it is made.
 *
 * @param arithmetic operands of matrix products
 * @param threads compute threads of a CPU backend; 0 for all cores
 * @param weights element type of most of the model's weights; BF16 for quantised ones
 */
public record BackendOptions(Arithmetic arithmetic, int threads, DType weights) {

  /** Everything at its default. */
  public static final BackendOptions DEFAULTS = new BackendOptions(Arithmetic.AUTO, 0);

  /** Options for a model whose weights are BF16. */
  public BackendOptions(Arithmetic arithmetic, int threads) {
    this(arithmetic, threads, DType.BF16);
  }

  /** Refuses a negative thread count. */
  public BackendOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 or more, got " + threads);
    }
  }

  /** The same for a model with weights of another type. */
  public BackendOptions withWeights(DType type) {
    return new BackendOptions(arithmetic, threads, type);
  }

  /** Operands of matrix products. */
  public enum Arithmetic {
    /** The fastest that the device computes natively without loss against the stored weights. */
    AUTO,
    /** 32-bit floating point. */
    F32,
    /** bfloat16 operands, 32-bit accumulation. */
    BF16
  }
}
