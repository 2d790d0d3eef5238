package dev.millrace.streams.cli.bench.engine;

import dev.millrace.engine.checkpoint.ModelConfig;

/**
 * Parameters that a token multiplies with and a step reads: the work that limits are computed from.
 * Attention's own work is left out, so a limit is a little too high.
 *
 * @param always parameters below the head that every token uses
 * @param expert parameters of one routed expert
 * @param experts routed experts of a layer, 0 if dense
 * @param chosen experts that a token uses in a layer
 * @param moeLayers layers with experts
 * @param head parameters of the head
 * @param skipped parameters of the last layer that follow its keys and values, with those of the
 *     experts that a token uses
 */
record ModelWork(
    long always, long expert, int experts, int chosen, int moeLayers, long head, long skipped) {

  static ModelWork of(ModelConfig config) {
    long hidden = config.hiddenSize();
    long heads = 2L * config.queryHeads() + 2L * config.kvHeads();
    long attention = hidden * heads * config.headDimension();
    long expert = 3 * hidden * config.expertWidth();
    long dense = 3 * hidden * config.denseWidth();
    int layers = config.layers().size();
    int moeLayers = config.moeLayers();
    // every mixture of this family has a shared expert as wide as a routed one
    long always =
        layers * attention
            + moeLayers * (expert + hidden * config.experts())
            + (layers - moeLayers) * dense;
    boolean lastMixes = config.layers().getLast().moe();
    long lastBlock =
        lastMixes ? (1 + config.expertsPerToken()) * expert + hidden * config.experts() : dense;
    return new ModelWork(
        always,
        expert,
        config.experts(),
        config.expertsPerToken(),
        moeLayers,
        hidden * config.vocabulary(),
        hidden * config.queryHeads() * config.headDimension() + lastBlock);
  }

  /** Operations of a prefilled token whose logits are not wanted. */
  double prefillOperations() {
    return 2.0 * (always + (double) moeLayers * chosen * expert - skipped);
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
