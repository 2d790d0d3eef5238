package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.FeedForward;
import dev.millrace.engine.backend.MatrixSource;
import java.util.List;
import java.util.Locale;

/** A SwiGLU block: a dense layer's, or one expert. Owned by the engine thread. */
final class SwiGlu implements FeedForward {

  private final HostMatrix gate;
  private final HostMatrix up;
  private final HostMatrix down;

  SwiGlu(MatrixSource gate, MatrixSource up, MatrixSource down) {
    this.gate = new HostMatrix(List.of(gate));
    this.up = new HostMatrix(List.of(up));
    this.down = new HostMatrix(List.of(down));
    if (gate.inputs() != up.inputs()
        || gate.outputs() != up.outputs()
        || down.inputs() != up.outputs()
        || down.outputs() != up.inputs()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "gate and up are [I, H] and down is [H, I], got [%d, %d], [%d, %d] and [%d, %d]",
              gate.outputs(),
              gate.inputs(),
              up.outputs(),
              up.inputs(),
              down.outputs(),
              down.inputs()));
    }
  }

  /** {@code out += down(silu(gate in) * (up in))}, one row each. */
  void applyAdd(double[] in, int inAt, double[] out, int outAt) {
    double[] gated = new double[gate.outputs()];
    double[] lifted = new double[up.outputs()];
    double[] result = new double[down.outputs()];
    gate.apply(in, inAt, gated, 0);
    up.apply(in, inAt, lifted, 0);
    for (int i = 0; i < gated.length; i++) {
      gated[i] = gated[i] * sigmoid(gated[i]) * lifted[i];
    }
    down.apply(gated, 0, result, 0);
    for (int i = 0; i < result.length; i++) {
      out[outAt + i] += result[i];
    }
  }

  static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }
}
