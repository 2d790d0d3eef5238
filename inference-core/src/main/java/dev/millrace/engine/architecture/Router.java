package dev.millrace.engine.architecture;

/**
 * How a mixture weighs the experts it chooses. All choose the {@code topK} largest router logits,
 * the smaller index first among equals.
 */
public sealed interface Router {

  /**
   * The sigmoid of a chosen expert's logit multiplies that expert's <em>input</em>; a shared expert
   * sees it unscaled (Llama 4).
   */
  record SigmoidOnInput() implements Router {}

  /**
   * The softmax of the logits over all experts, of which a chosen expert's part multiplies that
   * expert's <em>output</em> (Qwen3).
   *
   * @param normalised whether the parts of the chosen are divided by their sum
   */
  record SoftmaxOnOutput(boolean normalised) implements Router {}
}
