package dev.millrace.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a MoE block: route, gather rows by expert, run all experts and the shared one as one list of
 * tasks, add the experts' rows back in rank order; rows are weighed on one of the two ways. Owned
 * by the engine thread.
 */
final class MixtureOfExperts {

  private static final int ROWS_PER_TASK = 32;

  private final WorkerPool pool;
  private final Products products;
  private final FeedForwards feedForwards;
  private final Growing logits;
  private final Growing gathered;
  private final Growing inner;
  private final Growing sharedInner;
  private final Growing results;

  MixtureOfExperts(
      WorkerPool pool, Products products, FeedForwards feedForwards, NativeMemory memory) {
    this.pool = pool;
    this.products = products;
    this.feedForwards = feedForwards;
    logits = new Growing(memory);
    gathered = new Growing(memory);
    inner = new Growing(memory);
    sharedInner = new Growing(memory);
    results = new Growing(memory);
  }

  /** Makes the products of {@code weights} ahead of the first step. */
  void prepare(Experts weights) {
    for (int panel = 0; panel < weights.router().panels(); panel++) {
      routerProduct(weights.router(), panel);
    }
  }

  private Product routerProduct(PackedMatrix router, int panel) {
    return products.get(
        ProductShape.storing(
            router.inputs(),
            router.outputsOf(panel),
            ElementType.F32,
            router.inputs(),
            router.outputs()),
        router.format());
  }

  /**
   * {@code hidden += routed(in) + shared(in)} for the first {@code rows} rows.
   *
   * @param rowsMax most rows any step will have
   */
  void run(CpuRows in, Experts weights, CpuRows hidden, int rows, int rowsMax) {
    MemorySegment floats = in.floats(rows, pool);
    MemorySegment operands = in.operands(rows, pool);
    MemorySegment target = hidden.floats(rows, pool);
    hidden.floatsToWrite();
    Routing routing = route(floats, weights, rows, rowsMax);
    int experts = weights.experts().size();
    int[] startRows = new int[experts];
    int used = 0;
    for (int e = 0; e < experts; e++) {
      startRows[e] = used;
      int own = routing.rowsOf(e);
      used += own == 0 ? 0 : weights.experts().get(e).rowsTouched(own);
    }
    SwiGlu first = weights.experts().getFirst();
    long operandBytes = first.operandType().bytes();
    long rowBytes = operandBytes * weights.width();
    long slots = slotsMax(rowsMax, weights);
    MemorySegment input = gathered.atLeast(slots * rowBytes);
    MemorySegment middle = inner.atLeast(slots * operandBytes * first.innerWidth());
    MemorySegment output = results.atLeast(slots * Float.BYTES * weights.width());
    int[] slotOfChoice = new int[routing.choices()];
    for (int e = 0; e < experts; e++) {
      for (int i = 0; i < routing.rowsOf(e); i++) {
        slotOfChoice[routing.choice(e, i)] = startRows[e] + i;
      }
    }
    gather(floats, weights, routing, slotOfChoice, rows, input);
    List<FeedForwards.Group> groups = new ArrayList<>();
    for (SwiGlu shared : weights.shared()) {
      long bytes = (long) (rowsMax + Product.TILE_ROWS_MAX) * operandBytes * shared.innerWidth();
      groups.add(
          new FeedForwards.Group(
              shared,
              rows,
              operands.address(),
              sharedInner.atLeast(bytes),
              0,
              target.address(),
              true));
    }
    for (int e = 0; e < experts; e++) {
      if (routing.rowsOf(e) > 0) {
        groups.add(
            new FeedForwards.Group(
                weights.experts().get(e),
                routing.rowsOf(e),
                input.address() + startRows[e] * rowBytes,
                middle,
                startRows[e] * operandBytes * first.innerWidth(),
                output.address() + (long) startRows[e] * Float.BYTES * weights.width(),
                false));
      }
    }
    feedForwards.run(groups);
    combine(output, weights, routing, slotOfChoice, rows, target);
  }

  /** Room for all choices, and behind each expert's rows for what products touch there. */
  private static long slotsMax(int rowsMax, Experts weights) {
    long choices = (long) rowsMax * weights.topK();
    return choices + Math.min(choices, weights.experts().size()) * (Product.TILE_ROWS_MAX - 1L);
  }

  private Routing route(MemorySegment floats, Experts weights, int rows, int rowsMax) {
    PackedMatrix router = weights.router();
    int experts = router.outputs();
    MemorySegment scores = logits.atLeast(4L * (rowsMax + Product.TILE_ROWS_MAX) * experts);
    int groups = (rows + Product.TILE_ROWS_MAX - 1) / Product.TILE_ROWS_MAX;
    Product[] panels = new Product[router.panels()];
    for (int p = 0; p < panels.length; p++) {
      panels[p] = routerProduct(router, p);
    }
    pool.run(
        groups * panels.length,
        (worker, index) -> {
          int panel = index / groups;
          int row = index % groups * Product.TILE_ROWS_MAX;
          int count = Math.min(Product.TILE_ROWS_MAX, rows - row);
          long from = floats.address() + 4L * row * router.inputs();
          long to =
              scores.address() + 4L * ((long) row * experts + (long) panel * router.panelOutputs());
          panels[panel].run(worker, count, from, router.address(panel), to);
        });
    return Routing.of(scores, rows, experts, experts, weights.topK(), weights.rule());
  }

  private void gather(
      MemorySegment floats,
      Experts weights,
      Routing routing,
      int[] slotOfChoice,
      int rows,
      MemorySegment input) {
    int width = weights.width();
    int topK = weights.topK();
    ElementType type = weights.experts().getFirst().operandType();
    boolean weighs = weights.weighsInput();
    forRows(
        rows,
        row -> {
          for (int choice = row * topK; choice < (row + 1) * topK; choice++) {
            RowMath.convert(
                floats,
                4L * row * width,
                input,
                (long) slotOfChoice[choice] * width * type.bytes(),
                width,
                weighs ? routing.score(choice) : 1f,
                type);
          }
        });
  }

  private void combine(
      MemorySegment output,
      Experts weights,
      Routing routing,
      int[] slotOfChoice,
      int rows,
      MemorySegment target) {
    int width = weights.width();
    int topK = weights.topK();
    boolean weighed = weights.weighsInput();
    forRows(
        rows,
        row -> {
          for (int choice = row * topK; choice < (row + 1) * topK; choice++) {
            long from = 4L * slotOfChoice[choice] * width;
            long to = 4L * row * width;
            if (weighed) {
              RowMath.add(output, from, target, to, width);
            } else {
              RowMath.addScaled(output, from, routing.score(choice), target, to, width);
            }
          }
        });
  }

  private interface RowTask {
    void run(int row);
  }

  private void forRows(int rows, RowTask task) {
    int groups = (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    pool.run(
        groups,
        (worker, index) -> {
          int end = Math.min(rows, (index + 1) * ROWS_PER_TASK);
          for (int row = index * ROWS_PER_TASK; row < end; row++) {
            task.run(row);
          }
        });
  }
}
