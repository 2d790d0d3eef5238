package dev.millrace.cli.bench.engine;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.architecture.LayerSpec;
import java.util.List;

/**
 * Parameters that a token multiplies with and a step reads: the work that limits are computed from.
 * Attention's own work is left out, so a limit is a little too high.
 *
 * @param always parameters below the head that every token uses
 * @param expert parameters of one routed expert
 * @param experts routed experts of a mixture, which are alike in all layers; 0 if all are dense
 * @param chosen experts that a token uses in a layer
 * @param moeLayers layers with experts
 * @param head parameters of the head
 * @param skipped parameters of the last layer that follow its keys and values, with those of the
 *     experts that a token uses
 */
record ModelWork(
    long always, long expert, int experts, int chosen, int moeLayers, long head, long skipped) {

  static ModelWork of(Architecture architecture) {
    long hidden = architecture.hiddenSize();
    long always = 0;
    for (LayerSpec layer : architecture.layers()) {
      always += hidden * (layer.attention().queryWidth() + layer.attention().qkvWidth());
      always +=
          switch (layer.feedForward()) {
            case Dense(int width) -> 3 * hidden * width;
            case Mixture mixture -> hidden * mixture.experts() + 3 * hidden * mixture.sharedWidth();
          };
    }
    List<Mixture> mixtures = architecture.mixtures().toList();
    LayerSpec last = architecture.layers().getLast();
    long lastBlock =
        switch (last.feedForward()) {
          case Dense(int width) -> 3 * hidden * width;
          case Mixture mixture ->
              hidden * mixture.experts()
                  + 3 * hidden * ((long) mixture.topK() * mixture.width() + mixture.sharedWidth());
        };
    return new ModelWork(
        always,
        mixtures.isEmpty() ? 0 : 3 * hidden * mixtures.getFirst().width(),
        mixtures.isEmpty() ? 0 : mixtures.getFirst().experts(),
        mixtures.isEmpty() ? 0 : mixtures.getFirst().topK(),
        mixtures.size(),
        hidden * architecture.vocabulary(),
        hidden * last.attention().queryWidth() + lastBlock);
  }

  /** Operations of a prefilled token whose logits are not wanted. */
  double prefillOperations() {
    return 2.0 * (always + (double) moeLayers * chosen * expert - skipped);
  }

  /** Bytes of all weights; arguments as for {@link #bytesRead}. */
  double bytes(double blockBytes, double headBytes) {
    return blockBytes * (always + (double) moeLayers * experts * expert) + headBytes * head;
  }

  /** Parameters that a step of {@code rows} rows reads, if rows choose their experts at random. */
  double parametersRead(int rows) {
    return bytesRead(rows, 1, 1);
  }

  /**
   * Bytes of weights that a step of {@code rows} rows reads, likewise.
   *
   * @param blockBytes bytes of a parameter below the head
   * @param headBytes bytes of a parameter of the head
   */
  double bytesRead(int rows, double blockBytes, double headBytes) {
    double distinct =
        experts == 0 ? 0 : experts * (1 - Math.pow(1 - (double) chosen / experts, rows));
    return blockBytes * (always + moeLayers * distinct * expert) + headBytes * head;
  }
}
