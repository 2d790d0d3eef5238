package dev.millrace.engine.backend;

/**
 * How far a backend may be from the reference, as a share of the largest value of a row. One table
 * for all backends, by arithmetic of matrix products. Inputs and weights of the kit are exact in
 * bfloat16, so what is allowed here is accumulation and the rounding of what lies between.
 */
final class ToleranceTable {

  /** What is compared. */
  enum Operation {
    EMBED,
    NORM,
    PROJECT,
    ATTENTION,
    FEED_FORWARD,
    MOE,
    LOGITS
  }

  private ToleranceTable() {}

  /** Share of a row's largest value that may differ. */
  static double allowed(String arithmetic, Operation operation) {
    return switch (arithmetic) {
      case "f64" -> 1e-6;
      case "f32" ->
          switch (operation) {
            case EMBED -> 0;
            case NORM -> 2e-6;
            case PROJECT, LOGITS -> 1e-5;
            case ATTENTION -> 2e-5;
            case FEED_FORWARD, MOE -> 4e-5;
          };
      case "bf16" ->
          switch (operation) {
            case EMBED -> 0;
            case NORM, PROJECT -> 8e-3;
            case LOGITS, ATTENTION, FEED_FORWARD, MOE -> 2e-2;
          };
      default -> throw new IllegalArgumentException("no tolerances for arithmetic " + arithmetic);
    };
  }
}
