package dev.millrace.cli.bench.engine;

import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.checkpoint.ModelWeights;
import java.util.List;

/**
 * Bytes that a backend reads for each of a model's parameters.
 *
 * @param block of the layers' matrices, by one of them
 * @param head of the head
 */
record WeightBytes(double block, double head) {

  /**
   * Gives two of the model's matrices to a backend, which keeps them until it is closed.
   *
   * @param backend without a step so far: a device takes no memory after the first one
   */
  static WeightBytes of(ComputeBackend backend, ModelWeights model) {
    return new WeightBytes(
        perParameter(backend, model.layer(0).output()), perParameter(backend, model.head()));
  }

  private static double perParameter(ComputeBackend backend, MatrixSource source) {
    Matrix matrix = backend.matrix(List.of(source));
    return (double) matrix.bytes() / ((double) source.inputs() * source.outputs());
  }
}
