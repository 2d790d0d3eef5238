package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.AttentionSpec;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.FeedForward;
import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeWeights;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.backend.cuda.Products.Grouping;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations of a decoder on a GPU. The residual stream is f32; operands of products, keys and
 * values are bf16. All work goes through one stream; the host waits only for answers.
 *
 * <p>A step in which every sequence advances by one token is written down first and runs as a
 * graph: its kernels read everything that changes from the control block, so the same graph serves
 * every step of its size. Owned by the engine thread.
 */
final class CudaBackend implements ComputeBackend {

  private static final int NORM_THREADS = 256;
  private static final int NORM_SHARED_BYTES = 64;
  private static final int EMBED_THREADS = 256;
  private static final int COPY_THREADS = 256;
  private static final int COPY_PARTS = 8;
  private static final int COPY_WORD_BYTES = 16;

  /** One part in so many of the device is left to the driver and to others. */
  private static final int RESERVE = 32;

  private final BackendInfo info;
  private final boolean graphs;
  private final CudaContext context;
  private final CudaStream stream;
  private final Work work;
  private final DevicePool pool;
  private final Staging staging;
  private final WeightLoader loader;
  private final Transfers transfers;
  private final Products products;
  private final Mixture mixture;
  private final AttentionLayers attention;
  private final Extents extents = new Extents();
  private StepBlock.BlockRange blocks = new StepBlock.BlockRange(0, 0);
  private @Nullable Stepping stepping;
  private long steps;
  private boolean closed;

  /** What exists from the first step on, when all extents are known. */
  private static final class Stepping {
    private final StepBlock block;
    private final HostWritten copies;
    private final Head head;
    private final long inner;
    private @Nullable StepShape step;

    Stepping(StepBlock block, HostWritten copies, Head head, long inner) {
      this.block = block;
      this.copies = copies;
      this.head = head;
      this.inner = inner;
    }
  }

  /**
   * Takes over the context.
   *
   * @param module the kernels, owned by the context
   * @param graphs whether decoding steps run as graphs
   */
  CudaBackend(BackendInfo info, CudaContext context, KernelModule module, boolean graphs) {
    this.info = info;
    this.context = context;
    this.graphs = graphs;
    stream = context.own(new CudaStream());
    work = context.own(new Work(module, stream));
    pool = context.own(new DevicePool(context.device()));
    staging = context.own(new Staging(stream));
    transfers = context.own(new Transfers(stream));
    loader = new WeightLoader(pool, stream, staging, work);
    products = new Products(work, context.device());
    mixture = new Mixture(work, products);
    attention = context.own(new AttentionLayers(work, stream));
  }

  @Override
  public BackendInfo info() {
    return info;
  }

  // ---- load time

  @Override
  public Matrix matrix(List<MatrixSource> sources) {
    context.bind();
    PackedMatrix matrix = loader.matrix(sources);
    extents.matrix(matrix);
    return matrix;
  }

  @Override
  public Matrix embedding(MatrixSource table) {
    context.bind();
    return new EmbeddingTable(table.outputs(), table.inputs(), loader.embedding(table));
  }

  @Override
  public Vector vector(Tensor values) {
    context.bind();
    return loader.vector(values);
  }

  @Override
  public FeedForward feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    context.bind();
    SwiGluWeights weights = loader.feedForward(gate, up, down);
    extents.feedForward(weights);
    return weights;
  }

  @Override
  public MoeWeights moe(MoeSource source) {
    context.bind();
    MixtureWeights weights = loader.moe(source);
    mixture.expect(weights);
    return weights;
  }

  @Override
  public Rows rows(int rowsMax, int width) {
    context.bind();
    CudaRows rows = new CudaRows(rowsMax, width, pool);
    extents.rows(rowsMax, width);
    return rows;
  }

  @Override
  public long kvBytes(KvShape shape) {
    return CudaKvCache.bytes(shape);
  }

  @Override
  public long kvBytesAvailable() {
    context.bind();
    Driver.Memory memory = Driver.memory();
    long scratch =
        mixture.scratchBytes(extents.capacity())
            + AttentionLayers.scratchBytes(extents.rows(), extents.width())
            + extents.head().scratchBytes()
            + extents.innerBytes();
    return Math.max(0, memory.free() - scratch - memory.total() / RESERVE);
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    context.bind();
    CudaKvCache.check(shape);
    String what =
        "keys and values of %d blocks of %d tokens".formatted(shape.blocks(), shape.blockTokens());
    CudaKvCache cache = new CudaKvCache(shape, pool.allocate(CudaKvCache.bytes(shape), what));
    blocks = cache.blocks();
    return cache;
  }

  /** Allocates what steps need, frees what loading needed. */
  private Stepping prepare() {
    int capacity = extents.capacity();
    mixture.allocate(pool, stream, capacity);
    attention.allocate(pool, extents.rows(), extents.width());
    long inner = 0;
    if (extents.innerBytes() > 0) {
      inner = pool.allocate(extents.innerBytes(), "feed-forward of %d rows".formatted(capacity));
      stream.fill(inner, (byte) 0, extents.innerBytes());
    }
    Head head = new Head(work, products, stream, transfers, extents.head(), pool);
    context.own(head);
    StepBlock block =
        new StepBlock(stream, extents.rows(), AttentionLayers.partialCapacity(extents.rows()));
    context.own(block);
    HostWritten copies = context.own(new HostWritten(stream, 64L * Integer.BYTES));
    stream.await();
    staging.close();
    pool.seal();
    return new Stepping(block, copies, head, inner);
  }

  // ---- one step

  @Override
  public void begin(StepLayout layout) {
    context.bind();
    work.flush();
    if (stepping == null) {
      stepping = prepare();
    }
    int rows = layout.rows();
    if (rows > extents.rows()) {
      throw new IllegalArgumentException(
          "a step of %d rows, but no activations for more than %d".formatted(rows, extents.rows()));
    }
    steps++;
    boolean repeats = graphs && rows <= Buckets.ROWS_MAX && rows == layout.runs().size();
    int capacity = repeats ? Buckets.capacity(rows) : rows;
    StepShape shape = stepping.block.send(layout, capacity, blocks, AttentionLayers.SHORT_RUN_ROWS);
    if (repeats && shape.longRuns() == 0) {
      shape = shape.shared();
      work.defer();
    }
    stepping.step = shape;
  }

  private StepShape step() {
    StepShape step = stepping().step;
    if (step == null) {
      throw new IllegalStateException("begin() comes before the first operation of a step");
    }
    return step;
  }

  @Override
  public void embed(Matrix table, Rows hidden) {
    EmbeddingTable embeddings = (EmbeddingTable) table;
    StepShape step = step();
    if (step.largestToken() >= embeddings.outputs()) {
      throw new IndexOutOfBoundsException(
          "token %d of a vocabulary of %d".formatted(step.largestToken(), embeddings.outputs()));
    }
    work.arguments()
        .pointer(embeddings.address())
        .pointer(rows(hidden, embeddings.inputs()).floatsToWrite())
        .pointer(step.control())
        .number(embeddings.inputs());
    work.launch(work.kernel("mr_embed"), Grid.of(step.capacity(), EMBED_THREADS, 0));
  }

  @Override
  public void norm(Rows hidden, Vector weight, float epsilon, Rows out) {
    NormWeight scale = (NormWeight) weight;
    StepShape step = step();
    long from = rows(hidden, scale.size()).floats(step.capacity(), work);
    work.arguments()
        .pointer(from)
        .pointer(scale.address())
        .pointer(rows(out, scale.size()).operandsToWrite())
        .pointer(step.control())
        .number(scale.size())
        .real(epsilon);
    work.launch(work.kernel("mr_norm"), Grid.of(step.capacity(), NORM_THREADS, NORM_SHARED_BYTES));
  }

  @Override
  public void project(Rows in, Matrix weight, Rows out) {
    PackedMatrix matrix = (PackedMatrix) weight;
    StepShape step = step();
    long from = rows(in, matrix.inputs()).operands(step.capacity(), work);
    long to = rows(out, matrix.outputs()).floatsToWrite();
    products.multiply(from, matrix.inputs(), matrix, all(step), to, false);
  }

  @Override
  public void projectAdd(Rows in, Matrix weight, Rows hidden) {
    PackedMatrix matrix = (PackedMatrix) weight;
    StepShape step = step();
    long from = rows(in, matrix.inputs()).operands(step.capacity(), work);
    long to = addedTo(rows(hidden, matrix.outputs()), step);
    products.multiply(from, matrix.inputs(), matrix, all(step), to, true);
  }

  private static Grouping all(StepShape step) {
    return Grouping.all(step.control(), step.capacity());
  }

  /** Current floats of rows that are added to. */
  private long addedTo(CudaRows rows, StepShape step) {
    rows.floats(step.capacity(), work);
    return rows.floatsToWrite();
  }

  @Override
  public void rotateAndStore(Rows qkv, AttentionSpec spec, KvCache cache, int layer) {
    StepShape step = step();
    CudaRows rows = rows(qkv, widthOf(spec));
    long values = rows.floats(step.capacity(), work);
    long queries = rows.queriesToWrite(spec.queryHeads() * spec.headDimension());
    attention.rotate(step, values, spec, (CudaKvCache) cache, layer, queries);
  }

  @Override
  public void attend(Rows qkv, AttentionSpec spec, KvCache cache, int layer, Rows out) {
    CudaRows target = rows(out, spec.queryHeads() * spec.headDimension());
    long queries = rows(qkv, widthOf(spec)).queries();
    attention.attend(step(), queries, spec, (CudaKvCache) cache, layer, target.operandsToWrite());
  }

  private static int widthOf(AttentionSpec spec) {
    return (spec.queryHeads() + 2 * spec.kvHeads()) * spec.headDimension();
  }

  @Override
  public void feedForward(Rows in, FeedForward weights, Rows hidden) {
    SwiGluWeights block = (SwiGluWeights) weights;
    StepShape step = step();
    int width = block.down().outputs();
    long from = rows(in, width).operands(step.capacity(), work);
    long to = addedTo(rows(hidden, width), step);
    long inner = stepping().inner;
    int stride = SwiGluWeights.innerStride(block.width());
    products.swiGlu(from, width, block.gateUp(), all(step), block.width(), inner, stride);
    products.multiply(inner, stride, block.down(), all(step), to, true);
  }

  @Override
  public void moe(Rows in, MoeWeights weights, Rows hidden) {
    MixtureWeights experts = (MixtureWeights) weights;
    StepShape step = step();
    long from = rows(in, experts.hidden()).operands(step.capacity(), work);
    long to = addedTo(rows(hidden, experts.hidden()), step);
    mixture.run(step, from, experts, to);
  }

  @Override
  public Logits logits(Rows hidden, Vector weight, float epsilon, Matrix head, int[] rows) {
    PackedMatrix matrix = (PackedMatrix) head;
    StepShape step = step();
    long from = rows(hidden, matrix.inputs()).floats(step.capacity(), work);
    Head.Selected selected =
        new Head.Selected(from, (NormWeight) weight, epsilon, matrix, rows.clone());
    Head stage = stepping().head;
    stage.compute(selected, 0);
    long made = steps;
    return new CudaLogits(stage, selected, () -> made == steps && !closed);
  }

  private Stepping stepping() {
    if (stepping == null) {
      throw new IllegalStateException("begin() comes before the first operation of a step");
    }
    return stepping;
  }

  private static CudaRows rows(Rows rows, int width) {
    CudaRows own = (CudaRows) rows;
    if (own.width() != width) {
      throw new IllegalArgumentException(
          "rows are %d wide, the operation needs %d".formatted(own.width(), width));
    }
    return own;
  }

  @Override
  public void copyBlocks(KvCache cache, int[] from, int[] to) {
    context.bind();
    work.flush();
    if (stepping == null) {
      stepping = prepare();
    }
    CudaKvCache own = (CudaKvCache) cache;
    int[] pairs = new int[2 * from.length];
    for (int i = 0; i < from.length; i++) {
      pairs[2 * i] = own.blocks().checked(from[i]);
      pairs[2 * i + 1] = own.blocks().checked(to[i]);
    }
    HostWritten list = stepping.copies;
    list.send(pairs);
    long blockWords = own.blockBytes() / COPY_WORD_BYTES;
    work.arguments()
        .pointer(own.address())
        .pointer(list.address())
        .wide(blockWords)
        .wide(blockWords * own.shape().blocks());
    work.launch(
        work.kernel("mr_copy_blocks"),
        new Grid(from.length, own.shape().layers(), COPY_PARTS, COPY_THREADS, 0));
  }

  // ---- tests and diagnosis

  @Override
  public void write(Rows rows, float[] values) {
    context.bind();
    work.flush();
    transfers.write(values, ((CudaRows) rows).floatsToWrite());
  }

  @Override
  public void read(Rows rows, float[] values) {
    context.bind();
    CudaRows own = (CudaRows) rows;
    int count = values.length / own.width();
    if (!own.holdsQueries()) {
      long from = own.floats(count, work);
      work.flush();
      transfers.read(from, values, 0, values.length);
      return;
    }
    // the queries; what is left of keys and values is undefined
    work.flush();
    int width = own.queryWidth();
    for (int row = 0; row < count; row++) {
      long from = own.queries() + (long) row * width * Short.BYTES;
      transfers.readBFloat16(from, values, row * own.width(), width);
    }
  }

  /** Frees everything, even after the device failed. Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    context.finish(stream);
    context.close();
  }
}
