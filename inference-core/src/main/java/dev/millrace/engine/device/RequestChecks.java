package dev.millrace.engine.device;

import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.Constraint;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.Prompt;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What must hold of a request before it is worth queueing. Immutable.
 *
 * @param vocabulary ids are below it
 * @param contextTokens longest sequence
 * @param imageToken id that stands for a part of an image, if there is one
 */
record RequestChecks(int vocabulary, int contextTokens, OptionalInt imageToken) {

  /** Why a request is refused. */
  record Refusal(Reason reason, String message) {}

  /** The first fault of the request, empty if there is none. */
  Optional<Refusal> fault(InferenceRequest request) {
    int[] prefix = request.prefix();
    Optional<Refusal> bad = unsupported(request).or(() -> badToken("the prefix", prefix));
    for (int i = 0; i < request.branches().size() && bad.isEmpty(); i++) {
      Branch branch = request.branches().get(i);
      bad = badToken("the suffix of branch " + i, branch.suffix());
      long length = (long) prefix.length + branch.suffix().length;
      if (bad.isEmpty()) {
        bad =
            switch (branch) {
              case Branch.Generate generate -> tooLong(i, length, generate.tokensMax());
              case Branch.Score score -> badLabels(i, length, score);
            };
      }
    }
    return bad;
  }

  /** What requests can say and no engine computes yet. */
  private static Optional<Refusal> unsupported(InferenceRequest request) {
    for (int i = 0; i < request.prompt().pieces().size(); i++) {
      if (request.prompt().pieces().get(i) instanceof Prompt.Piece.Image) {
        return refused("piece %d of the prompt is an image", i, "images; leave it out");
      }
    }
    if (!request.adapter().isEmpty()) {
      return refused("the request names an adapter", 0, "adapters; ask for none");
    }
    for (int i = 0; i < request.branches().size(); i++) {
      if (request.branches().get(i) instanceof Branch.Generate generate
          && !generate.constraint().equals(Constraint.NONE)) {
        return refused("branch %d has a constraint", i, "constraints; ask for none");
      }
    }
    return Optional.empty();
  }

  private static Optional<Refusal> refused(String what, int index, String advice) {
    return Optional.of(
        new Refusal(
            Reason.INVALID_REQUEST,
            String.format(Locale.ROOT, what, index) + "; this engine computes no " + advice));
  }

  private Optional<Refusal> badLabels(int branch, long length, Branch.Score score) {
    Optional<Refusal> bad = Optional.empty();
    for (int i = 0; i < score.labels().size() && bad.isEmpty(); i++) {
      int[] label = score.labels().get(i);
      bad = badToken("label " + i + " of branch " + branch, label);
      if (bad.isEmpty()) {
        bad = tooLong(branch, length, label.length);
      }
    }
    return bad;
  }

  private Optional<Refusal> tooLong(int branch, long prompt, int rest) {
    if (prompt + rest <= contextTokens) {
      return Optional.empty();
    }
    return Optional.of(
        new Refusal(
            Reason.TOO_LONG,
            String.format(
                Locale.ROOT,
                ("branch %d needs %d tokens of context (prefix and suffix %d, answer %d), "
                    + "the engine"
                    + " admits %d; shorten the document or the answer"),
                branch,
                prompt + rest,
                prompt,
                rest,
                contextTokens)));
  }

  private Optional<Refusal> badToken(String where, int[] tokens) {
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabulary) {
        return Optional.of(
            new Refusal(
                Reason.INVALID_REQUEST,
                String.format(
                    Locale.ROOT,
                    "token %d of %s is %d, expected an id from 0 to %d of this model's vocabulary",
                    i,
                    where,
                    tokens[i],
                    vocabulary - 1)));
      }
      // It has no embedding of its own: the model would answer to noise.
      if (imageToken.isPresent() && tokens[i] == imageToken.getAsInt()) {
        return Optional.of(
            new Refusal(
                Reason.INVALID_REQUEST,
                String.format(
                    Locale.ROOT,
                    "token %d of %s is %d, which stands for a part of an image; this engine"
                        + " computes no images: leave it out",
                    i,
                    where,
                    tokens[i])));
      }
    }
    return Optional.empty();
  }
}
