package dev.millrace.engine.request;

import java.util.List;

/**
 * One engine call: a prompt that is computed once, and branches that continue it.
 *
 * @param owner on whose behalf; the engine cancels by its identity
 * @param prompt shared by all branches
 * @param adapter name of the low-rank adapter that changes the model for this request; empty for
 *     none. No engine has one yet
 * @param branches at least one
 * @param deadlineNanos {@link System#nanoTime()} value after which the request fails; {@link
 *     Long#MAX_VALUE} for none
 */
public record InferenceRequest(
    Owner owner, Prompt prompt, String adapter, List<Branch> branches, long deadlineNanos) {

  /** Refuses a request without branches. */
  public InferenceRequest {
    branches = List.copyOf(branches);
    if (branches.isEmpty()) {
      throw new IllegalArgumentException("a request has at least one branch, got none");
    }
  }

  /**
   * A request about text, of one of many equal owners.
   *
   * @param owner compared by identity
   * @param prefix token ids, at least one
   */
  public InferenceRequest(Object owner, int[] prefix, List<Branch> branches, long deadlineNanos) {
    this(Owner.of(owner), Prompt.of(prefix), "", branches, deadlineNanos);
  }

  /** The ids of the prompt's tokens; a new array. */
  public int[] prefix() {
    return prompt.tokens();
  }

  /** The same on behalf of somebody else. */
  public InferenceRequest withOwner(Owner other) {
    return new InferenceRequest(other, prompt, adapter, branches, deadlineNanos);
  }

  /** The same with an adapter. */
  public InferenceRequest withAdapter(String name) {
    return new InferenceRequest(owner, prompt, name, branches, deadlineNanos);
  }
}
