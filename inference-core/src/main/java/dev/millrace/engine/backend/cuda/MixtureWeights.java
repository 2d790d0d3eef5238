package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.MoeWeights;
import java.util.List;

/**
 * A mixture of experts; the shared expert is the last of the group, unless it is of another kind.
 * Immutable.
 *
 * @param experts E: routed experts
 * @param shared 1 if there is a shared expert in the group, else 0
 * @param topK experts of a token
 * @param rule how the chosen experts are weighed
 * @param hidden H
 * @param width I: channels between the two products
 * @param router address of f32 [E, H]
 * @param gateUp any expert's first matrix, with the table of all of them
 * @param down any expert's second matrix, with the table of all of them
 * @param apart a shared expert that is computed by itself, or none
 */
record MixtureWeights(
    int experts,
    int shared,
    int topK,
    Router rule,
    int hidden,
    int width,
    long router,
    PackedMatrix gateUp,
    PackedMatrix down,
    List<SwiGluWeights> apart)
    implements MoeWeights {

  /** Whether the weight of a choice multiplies the expert's input, or else its output. */
  boolean weighsInput() {
    return switch (rule) {
      case Router.SigmoidOnInput() -> true;
      case Router.SoftmaxOnOutput(_) -> false;
    };
  }

  /** Groups of rows that have weights of their own. */
  int groups() {
    return experts + shared;
  }

  /** Rows of the two products for so many tokens. */
  int slots(int rows) {
    return rows * (topK + shared);
  }
}
