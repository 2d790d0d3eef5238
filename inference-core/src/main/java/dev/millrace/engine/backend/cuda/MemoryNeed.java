package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.KvDemand;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.LoadTarget;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a model takes of a device, in bytes. Found by loading it into a pool that only counts, with
 * the very code that will load it. Immutable.
 *
 * @param weights with padding and scales
 * @param keysAndValues of as many blocks as were asked for, at least one
 * @param work activations and everything else that a step needs
 * @param loading buffers for loading, if more is held with them than after they are given back
 * @param total most that is held at once, with what is lost at the ends of slabs
 * @param rows most rows of a step
 * @param matrices every packed matrix
 * @param vocabulary rows of the embedding table and the head
 */
record MemoryNeed(
    long weights,
    long keysAndValues,
    long work,
    long loading,
    long total,
    int rows,
    Set<PackedMatrix> matrices,
    int vocabulary) {

  /** Inputs that share a scale in what a four-bit upload usually is. */
  private static final int USUAL_GROUP = 128;

  /**
   * How a model is counted.
   *
   * @param model makes its load-time calls
   * @param demand keys and values
   * @param device for which the products are sized
   * @param precision of the backend
   * @param launcher of the products, not used for counting
   */
  record Counter(
      Consumer<LoadTarget> model,
      KvDemand demand,
      Device device,
      Precision precision,
      Work launcher) {

    /** The same for a backend of another precision. */
    Counter in(Precision other) {
      return new Counter(model, demand, device, other, launcher);
    }

    /** Bytes of a cache of this shape. */
    long kvBytes(KvShape shape) {
      return CudaKvCache.bytes(shape, precision);
    }

    /**
     * Counts.
     *
     * @param slabBytes size of the pieces in which memory is taken
     * @param rowsLimit activations for no more rows, whatever the model asks
     */
    MemoryNeed count(long slabBytes, int rowsLimit) {
      DevicePool pool = DevicePool.counting(slabBytes);
      Inventory inventory = new Inventory();
      Products products = new Products(launcher, device, precision);
      CudaLoading loading =
          new CudaLoading(pool, inventory, products, new Mixture(launcher, products), rowsLimit);
      pool.allocate(Integer.BYTES, "a counter");
      model.accept(loading);
      long weights = pool.used() - loading.activationBytes();
      long staged = Staging.deviceBytes(inventory.largestSource());
      long whileLoading = pool.reserved() + staged;
      long cache = kvBytes(demand.shape(demand.leastBlocks()));
      pool.allocate(cache, "keys and values");
      pool.allocate(loading.scratchBytes(), "scratch");
      long whenLoaded = pool.reserved() + loading.writtenBytes();
      return new MemoryNeed(
          weights,
          cache,
          loading.activationBytes() + loading.scratchBytes() + loading.writtenBytes(),
          whileLoading > whenLoaded ? staged : 0,
          Math.max(whileLoading, whenLoaded),
          loading.extents().rows(),
          inventory.matrices(),
          inventory.vocabulary());
    }
  }

  /** The total if the weights of the layers were stored in FP8 with a scale per output. */
  long totalInFloat8() {
    return totalIn(new WeightFormat(WeightFormat.Kind.FP8, 0, false));
  }

  /** The total if the weights of the layers were stored in four bits. */
  long totalInInt4() {
    return totalIn(new WeightFormat(WeightFormat.Kind.INT4, USUAL_GROUP, false));
  }

  /** Uploads leave embedding, head and routers as they are. */
  private long totalIn(WeightFormat format) {
    long saved = 0;
    for (PackedMatrix matrix : matrices) {
      if (matrix.outputs() != vocabulary) {
        long bytes = format.bytes(matrix.packedRows(), format.paddedInputs(matrix.inputs()));
        saved += Math.max(0, matrix.bytes() - bytes);
      }
    }
    return total - saved;
  }
}
