package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.LoadTarget;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;

/**
 * Loads a model's parts and takes note of the extents from which scratch memory is sized. Owned by
 * the engine thread.
 */
final class CudaLoading implements LoadTarget {

  /** What the alignment of pieces of scratch memory may cost, and what single layers upload. */
  private static final long SMALL_PIECES_BYTES = 8 << 10;

  private final DevicePool pool;
  private final WeightLoader loader;
  private final Products products;
  private final Mixture mixture;
  private final int rowsLimit;
  private final Extents extents;
  private long activationBytes;

  /**
   * Borrows everything.
   *
   * @param rowsLimit activations are made for no more rows, whatever is asked
   */
  CudaLoading(DevicePool pool, Filling filling, Products products, Mixture mixture, int rowsLimit) {
    this.pool = pool;
    this.products = products;
    this.mixture = mixture;
    this.rowsLimit = rowsLimit;
    extents = new Extents(products.precision());
    loader = new WeightLoader(pool, filling, products.precision());
  }

  @Override
  public PackedMatrix matrix(List<MatrixSource> sources) {
    PackedMatrix matrix = loader.matrix(sources);
    extents.matrix(matrix);
    return matrix;
  }

  @Override
  public EmbeddingTable embedding(MatrixSource table) {
    return loader.embedding(table);
  }

  @Override
  public NormWeight vector(Tensor values) {
    return loader.vector(values);
  }

  @Override
  public SwiGluWeights feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    SwiGluWeights weights = loader.feedForward(gate, up, down);
    extents.feedForward(weights);
    return weights;
  }

  @Override
  public MixtureWeights moe(MoeSource source) {
    MixtureWeights weights = loader.moe(source);
    mixture.expect(weights);
    extents.moe(weights);
    return weights;
  }

  @Override
  public CudaRows rows(int rowsMax, int width) {
    int count = Math.min(rowsMax, rowsLimit);
    long before = pool.used();
    CudaRows rows = new CudaRows(count, width, products.precision(), pool);
    activationBytes += pool.used() - before;
    extents.rows(count, width);
    return rows;
  }

  Extents extents() {
    return extents;
  }

  /** Bytes of the activations that were made so far. */
  long activationBytes() {
    return activationBytes;
  }

  /** Bytes that steps will take from the pool. */
  long scratchBytes() {
    return mixture.scratchBytes(extents.capacity())
        + extents.expected(products).scratchBytes()
        + AttentionLayers.scratchBytes(products.precision(), extents.rows(), extents.width())
        + extents.head().scratchBytes()
        + extents.innerBytes();
  }

  /** Bytes that steps will take beside: what the host writes, and small pieces. */
  long writtenBytes() {
    return StepControl.bytes(extents.rows()) + extents.head().writtenBytes() + SMALL_PIECES_BYTES;
  }
}
