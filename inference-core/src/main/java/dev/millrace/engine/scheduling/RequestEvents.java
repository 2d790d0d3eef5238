package dev.millrace.engine.scheduling;

/** Hears what becomes of one request. Called on the engine thread, between steps; never throws. */
public interface RequestEvents {

  /** It left the queue and holds memory now. Once, unless removed before. */
  void admitted();

  /** A token was chosen that is not a stop token. */
  void token(GeneratingBranch branch, int token);

  /** A branch has its result. Once per branch, unless the request is removed before. */
  void ended(ScheduledBranch branch);

  /** All branches have their results and nothing is held any more. Once, unless removed before. */
  void ended(ScheduledRequest request);
}
