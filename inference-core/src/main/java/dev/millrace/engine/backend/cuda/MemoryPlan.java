package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.KvDemand;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Decides whether a model fits into a device's memory, before anything is loaded, and says what
 * would fit where it does not. Immutable.
 *
 * @param counter counts the model
 * @param need of the model as it is asked for
 * @param slabBytes size of the pieces in which memory is to be taken
 * @param reserve bytes to be left to the driver and to others
 */
record MemoryPlan(MemoryNeed.Counter counter, MemoryNeed need, long slabBytes, long reserve) {

  /** One part in so many of the device is left to the driver, where nobody said what to take. */
  private static final int RESERVE = 32;

  /** Steps below this compute so little at once that nobody is advised to make them. */
  private static final int ADVISED_ROWS_MIN = 64;

  /** A loss of more than one part in so many is told. */
  private static final int VISIBLE = 100;

  /** Bytes that a prudent choice leaves free. */
  static long reserve(Driver.Memory memory) {
    return memory.total() / RESERVE;
  }

  /**
   * Plans a model.
   *
   * @param slabBytes size of slabs that suits the device; smaller ones are taken if the model fits
   *     only so, for less is lost at their ends
   * @throws BackendException if it does not fit
   */
  static MemoryPlan of(MemoryNeed.Counter counter, long slabBytes, Driver.Memory memory) {
    long reserve = counter.demand().blocks() == 0 ? reserve(memory) : 0;
    MemoryPlan usual = of(counter, slabBytes, reserve);
    if (usual.fits(usual.need.total(), memory.free())) {
      return usual;
    }
    MemoryPlan tight = of(counter, Math.min(slabBytes, DevicePool.SLAB_MIN), reserve);
    if (tight.fits(tight.need.total(), memory.free())) {
      return tight;
    }
    throw new BackendException(tight.describe(memory));
  }

  private static MemoryPlan of(MemoryNeed.Counter counter, long slabBytes, long reserve) {
    return new MemoryPlan(counter, counter.count(slabBytes, Integer.MAX_VALUE), slabBytes, reserve);
  }

  private boolean fits(long total, long free) {
    return total + reserve <= free;
  }

  /** What is needed, what is there, and what would fit. */
  String describe(Driver.Memory memory) {
    return "%s of GPU memory are needed, of the %s of %s %s are free: %s. %s"
        .formatted(
            Bytes.of(need.total() + reserve),
            Bytes.of(memory.total()),
            counter.device().name(),
            Bytes.of(memory.free()),
            parts(),
            advice(memory));
  }

  /** The bytes by kind. */
  String parts() {
    KvDemand demand = counter.demand();
    long tokens = (long) demand.leastBlocks() * demand.block().blockTokens();
    String parts =
        String.format(
            Locale.ROOT,
            "weights %s, keys and values %s (%d tokens), work buffers %s (steps of %d tokens)",
            Bytes.of(need.weights()),
            Bytes.of(need.keysAndValues()),
            tokens,
            Bytes.of(need.work()),
            need.rows());
    long rest = need.total() - need.weights() - need.keysAndValues() - need.work();
    if (need.loading() > 0) {
      parts += ", buffers for loading " + Bytes.of(need.loading());
    } else if (rest * VISIBLE > need.total()) {
      parts += ", lost at the ends of slabs " + Bytes.of(rest);
    }
    return reserve == 0 ? parts : parts + ", left to the driver " + Bytes.of(reserve);
  }

  private String advice(Driver.Memory memory) {
    List<String> fitting = new ArrayList<>();
    List<String> others = new ArrayList<>();
    long blocks = blocksThatFit(memory.free());
    int rows = rowsThatFit(memory.free());
    if (blocks > 0) {
      KvDemand demand = counter.demand();
      fitting.add(
          String.format(
              Locale.ROOT,
              "keys and values of %d tokens (kvMemoryBytes %d)",
              blocks * demand.block().blockTokens(),
              blocks * counter.kvBytes(demand.block())));
    }
    if (rows > 0) {
      fitting.add(String.format(Locale.ROOT, "steps of %d tokens (stepTokensMax)", rows));
    }
    if (fits(need.total(), memory.total())) {
      fitting.add(
          "the model as it is, if other processes give back "
              + Bytes.of(need.total() + reserve - memory.free()));
    }
    if (counter.precision() == Precision.F32) {
      long total = counter.in(Precision.BF16).count(slabBytes, Integer.MAX_VALUE).total();
      (fits(total, memory.free()) ? fitting : others)
          .add("bf16 arithmetic (about %s in all)".formatted(Bytes.of(total + reserve)));
    } else if (blocks == 0 && rows == 0) {
      long free = memory.free();
      inFewerBits("FP8", need.totalInFloat8(), fits(need.totalInFloat8(), free) ? fitting : others);
      inFewerBits(
          "four bits", need.totalInInt4(), fits(need.totalInInt4(), free) ? fitting : others);
    }
    fitting.add("the cpu backend, which uses the machine's own memory");
    String advice = "What would fit: " + String.join("; ", fitting);
    return others.isEmpty()
        ? advice
        : advice + ". What would not fit either: " + String.join("; ", others);
  }

  private void inFewerBits(String name, long total, List<String> advice) {
    if (total < need.total()) {
      advice.add(
          "this model with weights in %s (about %s in all)"
              .formatted(name, Bytes.of(total + reserve)));
    }
  }

  /** Blocks of keys and values, fewer than were asked for, with which the model would fit; or 0. */
  long blocksThatFit(long free) {
    long blockBytes = counter.kvBytes(counter.demand().block());
    // the cache may end up in slabs of its own
    long beside = need.total() - need.keysAndValues() + reserve + DevicePool.granule(slabBytes);
    long fitting = Math.max(0, (free - beside) / blockBytes);
    return fitting < counter.demand().blocks() ? fitting : 0;
  }

  /** Rows of a step, fewer than were asked for, with which the model would fit; or 0. */
  int rowsThatFit(long free) {
    for (int rows = Integer.highestOneBit(need.rows() - 1); rows >= ADVISED_ROWS_MIN; rows /= 2) {
      if (fits(counter.count(slabBytes, rows).total(), free)) {
        return rows;
      }
    }
    return 0;
  }
}
