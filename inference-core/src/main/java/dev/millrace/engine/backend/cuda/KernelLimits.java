package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendException;
import java.util.Locale;
import java.util.Optional;

/** What the kernels were written for; their fact boxes say the same. Pure functions. */
final class KernelLimits {

  /** Experts of a mixture: with a shared one, below the 511 groups of a product. */
  static final int EXPERTS_MAX = 384;

  /** Experts of a token. */
  static final int TOP_K_MAX = 16;

  /** Loads of rows are as wide. */
  private static final int ROW_ELEMENTS = 8;

  private KernelLimits() {}

  /** What of a model is beyond them, found against supported; empty if nothing is. */
  static Optional<String> unsupported(Architecture architecture) {
    return heads(architecture.headDimension())
        .or(() -> rows(architecture.hiddenSize()))
        .or(() ->
            architecture
                .mixtures()
                .flatMap(mixture -> mixture(mixture.experts(), mixture.topK()).stream())
                .findFirst());
  }

  private static Optional<String> heads(int dimension) {
    return dimension == 64 || dimension == 128
        ? Optional.empty()
        : Optional.of("attends with heads of 64 or 128 elements, got " + dimension);
  }

  private static Optional<String> rows(int width) {
    return width % ROW_ELEMENTS == 0
        ? Optional.empty()
        : Optional.of("reads rows of a multiple of " + ROW_ELEMENTS + " elements, got " + width);
  }

  private static Optional<String> mixture(int experts, int topK) {
    return experts <= EXPERTS_MAX && topK <= TOP_K_MAX
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "routes to at most %d of %d experts, got %d of %d",
                TOP_K_MAX,
                EXPERTS_MAX,
                topK,
                experts));
  }

  /** Refuses heads that the attention kernels cannot read. */
  static void requireHeads(int dimension) {
    heads(dimension).ifPresent(KernelLimits::refuse);
  }

  /** Refuses a mixture that the routing kernels cannot sort. */
  static void requireMixture(int experts, int topK) {
    mixture(experts, topK).ifPresent(KernelLimits::refuse);
  }

  private static void refuse(String reason) {
    throw new BackendException("the cuda backend " + reason);
  }
}
