package dev.millrace.engine.backend;

/**
 * What a user may choose about a backend.
 *
 * @param arithmetic operands of matrix products
 * @param threads compute threads of a CPU backend; 0 for all cores
 */
public record BackendOptions(Arithmetic arithmetic, int threads) {

  /** Everything at its default. */
  public static final BackendOptions DEFAULTS = new BackendOptions(Arithmetic.AUTO, 0);

  /** Refuses a negative thread count. */
  public BackendOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 or more, got " + threads);
    }
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
