package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.cuda.Products.Grouping;
import dev.millrace.engine.backend.cuda.Products.Operand;
import java.util.Locale;

/**
 * Runs mixtures of experts: routes rows, sorts them by expert, computes all experts in two launches
 * and adds what they gave in a fixed order. Scratch memory is sized for the largest block that was
 * loaded. Owned by the engine thread.
 */
final class Mixture {

  private static final int ROWS_MAX = 16384;
  private static final int ROUTER_THREADS = 128;
  private static final int EXPERTS_OF_A_BLOCK = 4;
  private static final int ROWS_OF_A_BLOCK = 8;
  private static final int SORT_WARPS_MAX = 32;
  private static final int WARP = 32;
  private static final int COMBINE_THREADS = 256;
  private static final int COMBINE_BLOCKS_MAX = 4096;
  private static final int COMBINE_ELEMENTS = 1024;

  private final Work work;
  private final Products products;
  private int experts;
  private int slotsPerRow;
  private long innerPerRow;
  private long slotPerRow;
  private Scratch scratch = Scratch.NONE;

  /** Device addresses; see the fact box of mr_route_experts for their extents. */
  private record Scratch(
      long logits,
      long offsets,
      long source,
      long target,
      long score,
      long choice,
      long slotScore,
      long inner,
      long slots) {
    static final Scratch NONE = new Scratch(0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  Mixture(Work work, Products products) {
    this.work = work;
    this.products = products;
  }

  /** Takes note of a block that will be computed; refuses one that the kernels cannot. */
  void expect(MixtureWeights weights) {
    KernelLimits.requireMixture(weights.experts(), weights.topK());
    int slots = weights.slots(1);
    experts = Math.max(experts, weights.experts());
    slotsPerRow = Math.max(slotsPerRow, slots);
    innerPerRow = Math.max(innerPerRow, (long) slots * SwiGluWeights.innerStride(weights.width()));
    slotPerRow = Math.max(slotPerRow, (long) slots * weights.hidden());
  }

  /** Bytes that {@link #allocate} will take for steps of so many rows. */
  long scratchBytes(int rows) {
    long perRow =
        Float.BYTES * (experts + 5L * slotsPerRow + slotPerRow)
            + products.precision().operandBytes() * innerPerRow;
    return experts == 0 ? 0 : rows * perRow + (experts + 2L) * Integer.BYTES;
  }

  /** Allocates scratch memory for steps of so many rows, if any block was noted. */
  void allocate(DevicePool pool, CudaStream stream, int rows) {
    if (experts == 0) {
      return;
    }
    if (rows > ROWS_MAX) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the cuda backend routes at most %d rows in a step, got room for %d: lower "
                  + "the tokens of a step",
              ROWS_MAX,
              rows));
    }
    String what = String.format(Locale.ROOT, "routing of %d rows", rows);
    long words = (long) rows * slotsPerRow * Integer.BYTES;
    scratch =
        new Scratch(
            pool.allocate((long) rows * experts * Float.BYTES, what),
            pool.allocate((experts + 2L) * Integer.BYTES, what),
            pool.allocate(words, what),
            pool.allocate(words, what),
            pool.allocate(words, what),
            pool.allocate(words, what),
            pool.allocate(words, what),
            pool.allocate(rows * innerPerRow * products.precision().operandBytes(), what),
            pool.allocate(rows * slotPerRow * Float.BYTES, what));
    // elements between a width and its stride are read, and times their zero weights must stay zero
    stream.fill(scratch.inner, (byte) 0, rows * innerPerRow * products.precision().operandBytes());
  }

  /**
   * {@code hidden += experts(in)}.
   *
   * @param in [T, H]
   * @param routed the same rows as the router reads them: bf16, or f32
   * @param hidden f32 [T, H]
   */
  void run(StepShape step, Operand in, long routed, MixtureWeights weights, long hidden) {
    route(step, routed, weights);
    int slots = weights.slots(step.capacity());
    int innerStride = SwiGluWeights.innerStride(weights.width());
    long score = weights.weighsInput() ? scratch.score : 0;
    Grouping byExpert =
        new Grouping(scratch.offsets, 0, scratch.source, 0, score, weights.groups(), slots);
    products.swiGlu(in, weights.gateUp(), byExpert, weights.width(), scratch.inner, innerStride);
    Grouping toSlots =
        new Grouping(scratch.offsets, 0, 0, scratch.target, 0, weights.groups(), slots);
    long sorted = scratch.offsets + (long) weights.groups() * Integer.BYTES;
    long plane = (long) slots * innerStride;
    Operand inner = new Operand(scratch.inner, plane, innerStride, sorted, slots);
    products.multiply(inner, weights.down(), toSlots, scratch.slots, false);
    combine(step, weights, hidden);
  }

  private void route(StepShape step, long in, MixtureWeights weights) {
    work.arguments()
        .pointer(scratch.logits)
        .pointer(in)
        .pointer(weights.router())
        .pointer(step.control())
        .number(weights.experts())
        .number(weights.hidden())
        .number(weights.hidden());
    work.launch(
        work.kernel(products.precision().kernel("mr_router_logits")),
        new Grid(
            Math.ceilDiv(weights.experts(), EXPERTS_OF_A_BLOCK),
            Math.ceilDiv(step.capacity(), ROWS_OF_A_BLOCK),
            1,
            ROUTER_THREADS,
            0));
    work.arguments()
        .pointer(scratch.offsets)
        .pointer(scratch.source)
        .pointer(scratch.target)
        .pointer(scratch.score)
        .pointer(scratch.choice)
        .pointer(scratch.slotScore)
        .pointer(scratch.logits)
        .pointer(step.control())
        .number(weights.experts())
        .number(weights.topK())
        .number(weights.shared())
        .number(rule(weights.rule()));
    int warps = Math.min(SORT_WARPS_MAX, step.capacity());
    int sharedBytes = Integer.BYTES * (warps * weights.experts() + weights.experts() + 1);
    work.launch(work.kernel("mr_route_experts"), Grid.of(1, WARP * warps, sharedBytes));
  }

  /** A rule as the kernel reads it. */
  private static int rule(Router router) {
    return switch (router) {
      case Router.SigmoidOnInput() -> 0;
      case Router.SoftmaxOnOutput(boolean normalised) -> normalised ? 2 : 1;
    };
  }

  private void combine(StepShape step, MixtureWeights weights, long hidden) {
    work.arguments()
        .pointer(hidden)
        .pointer(scratch.slots)
        .pointer(weights.weighsInput() ? 0 : scratch.slotScore)
        .pointer(step.control())
        .number(weights.topK())
        .number(weights.shared())
        .number(weights.hidden())
        .number(weights.hidden())
        .number(weights.hidden());
    long elements = (long) step.capacity() * weights.hidden();
    int blocks = (int) Math.min(COMBINE_BLOCKS_MAX, Math.ceilDiv(elements, COMBINE_ELEMENTS));
    work.launch(work.kernel("mr_combine_experts"), Grid.of(blocks, COMBINE_THREADS, 0));
  }
}
