package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.Router;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Weights of one MoE block, in the layout of the checkpoint.
 *
 * @param router [E, H]
 * @param rule how the chosen experts are weighed
 * @param experts one entry per expert, in router order
 * @param shared the shared expert, or none
 * @param topK experts chosen per token, 1..E
 */
public record MoeSource(
    MatrixSource router, Router rule, List<Expert> experts, List<Expert> shared, int topK) {

  /** Checks the counts. */
  public MoeSource {
    experts = List.copyOf(experts);
    shared = List.copyOf(shared);
    if (router.outputs() != experts.size()
        || topK < 1
        || topK > experts.size()
        || shared.size() > 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "router has %d outputs for %d experts, topK %d, %d shared",
              router.outputs(),
              experts.size(),
              topK,
              shared.size()));
    }
  }

  /** The shared expert, if there is one. */
  public Optional<Expert> sharedExpert() {
    return shared.stream().findFirst();
  }

  /**
   * One SwiGLU expert.
   *
   * @param gate [I, H]
   * @param up [I, H]
   * @param down [H, I]
   */
  public record Expert(MatrixSource gate, MatrixSource up, MatrixSource down) {}
}
