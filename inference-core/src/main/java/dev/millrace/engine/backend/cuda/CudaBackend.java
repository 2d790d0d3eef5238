package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.FeedForward;
import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvDemand;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.LoadTarget;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeWeights;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.backend.cuda.Products.Grouping;
import dev.millrace.engine.backend.cuda.Products.Operand;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations of a decoder on a GPU. The residual stream is f32; operands of products, keys and
 * values are bf16, or f32 as well. All work goes through one stream; the host waits only for
 * answers.
 *
 * <p>A step in which every sequence advances by one token is written down first and runs as a
 * graph: its kernels read everything that changes from the control block, so the same graph serves
 * every step of its size. Owned by the engine thread.
 */
final class CudaBackend implements ComputeBackend {

  private static final int EMBED_THREADS = 256;

  private static final Logger LOG = LoggerFactory.getLogger(CudaBackend.class);
  private final BackendInfo info;
  private final Precision precision;
  private final boolean graphs;
  private final CudaContext context;
  private final CudaStream stream;
  private final Work work;
  private final DevicePool pool;
  private final Staging staging;
  private final WeightFilling filling;
  private final CudaLoading loading;
  private final Transfers transfers;
  private final Products products;
  private final Mixture mixture;
  private final AttentionLayers attention;
  private final Extents extents;
  private StepBlock.BlockRange blocks = StepBlock.BlockRange.NONE;
  private StepBlock.BlockRange localBlocks = StepBlock.BlockRange.NONE;
  private @Nullable Stepping stepping;
  private @Nullable StepShape step;
  private long steps;
  private boolean closed;

  /**
   * Takes over the context.
   *
   * @param module the kernels, owned by the context
   * @param graphs whether decoding steps run as graphs
   */
  CudaBackend(
      BackendInfo info,
      Precision precision,
      CudaContext context,
      KernelModule module,
      boolean graphs) {
    this.info = info;
    this.precision = precision;
    this.context = context;
    this.graphs = graphs;
    stream = context.own(new CudaStream());
    work = context.own(new Work(module, stream));
    pool = context.own(new DevicePool(context.device()));
    staging = context.own(new Staging(stream));
    transfers = context.own(new Transfers(stream));
    filling = new WeightFilling(pool, stream, staging, work);
    products = new Products(work, context.device(), precision);
    mixture = new Mixture(work, products);
    loading = new CudaLoading(pool, filling, products, mixture, Integer.MAX_VALUE);
    extents = loading.extents();
    attention = context.own(new AttentionLayers(work, stream, precision));
  }

  @Override
  public BackendInfo info() {
    return info;
  }

  // ---- load time

  @Override
  public long bytesNeeded(Consumer<LoadTarget> model, KvDemand demand) {
    context.bind();
    return counter(model, demand).count(pool.slabBytes(), Integer.MAX_VALUE).total();
  }

  private MemoryNeed.Counter counter(Consumer<LoadTarget> model, KvDemand demand) {
    return new MemoryNeed.Counter(model, demand, context.device(), precision, work);
  }

  @Override
  public void requireRoom(Consumer<LoadTarget> model, KvDemand demand, long beside) {
    context.bind();
    KernelLimits.requireHeads(demand.block().headDimension());
    Driver.Memory memory = Driver.memory().without(beside);
    MemoryPlan plan = MemoryPlan.of(counter(model, demand), pool.slabBytes(), memory);
    pool.follow(plan);
    LOG.info("GPU memory: {} free, needed {}", Bytes.of(memory.free()), plan.parts());
  }

  @Override
  public Matrix matrix(List<MatrixSource> sources) {
    context.bind();
    return loading.matrix(sources);
  }

  @Override
  public Matrix embedding(MatrixSource table) {
    context.bind();
    return loading.embedding(table);
  }

  @Override
  public Vector vector(Tensor values) {
    context.bind();
    return loading.vector(values);
  }

  @Override
  public FeedForward feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    context.bind();
    return loading.feedForward(gate, up, down);
  }

  @Override
  public MoeWeights moe(MoeSource source) {
    context.bind();
    return loading.moe(source);
  }

  @Override
  public Rows rows(int rowsMax, int width) {
    context.bind();
    return loading.rows(rowsMax, width);
  }

  @Override
  public long kvBytes(KvShape shape) {
    return CudaKvCache.bytes(shape, precision);
  }

  @Override
  public long kvBytesAvailable() {
    context.bind();
    staging.empty();
    Driver.Memory memory = Driver.memory();
    return Math.max(0, memory.free() - workBytesToCome() - MemoryPlan.reserve(memory));
  }

  @Override
  public long workBytesToCome() {
    return stepping == null ? loading.scratchBytes() + loading.writtenBytes() : 0;
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    context.bind();
    KernelLimits.requireHeads(shape.headDimension());
    staging.empty();
    String what =
        String.format(
            Locale.ROOT,
            "keys and values of %d blocks of %d tokens",
            shape.blocks(),
            shape.blockTokens());
    long address = pool.allocate(CudaKvCache.bytes(shape, precision), what);
    CudaKvCache cache = new CudaKvCache(shape, precision, address);
    if (shape.local()) {
      localBlocks = cache.blocks();
    } else {
      blocks = cache.blocks();
    }
    return cache;
  }

  /** Allocates what steps need, frees what loading needed; once. */
  private Stepping prepared() {
    if (stepping == null) {
      stepping =
          context.own(
              new Stepping(extents, mixture, attention, products, work, stream, transfers, pool));
      filling.check(transfers);
      staging.close();
      pool.seal();
    }
    return stepping;
  }

  // ---- one step

  @Override
  public void begin(StepLayout layout) {
    context.bind();
    work.flush();
    step = prepared().control().begin(layout, blocks, localBlocks, graphs);
    steps++;
  }

  private StepShape step() {
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
          String.format(
              Locale.ROOT,
              "token %d of a vocabulary of %d",
              step.largestToken(),
              embeddings.outputs()));
    }
    work.arguments()
        .pointer(embeddings.address())
        .pointer(rows(hidden, embeddings.inputs()).floatsToWrite())
        .pointer(step.control())
        .number(embeddings.inputs());
    String kernel = embeddings.precision().kernel("mr_embed");
    work.launch(work.kernel(kernel), Grid.of(step.capacity(), EMBED_THREADS, 0));
  }

  @Override
  public void norm(Rows hidden, Vector weight, float epsilon, Rows out) {
    NormWeight scale = (NormWeight) weight;
    StepShape step = step();
    long from = rows(hidden, scale.size()).floats(step.capacity(), work);
    products.norm(from, scale, epsilon, step, rows(out, scale.size()));
  }

  @Override
  public void project(Rows in, Matrix weight, Rows out) {
    PackedMatrix matrix = (PackedMatrix) weight;
    StepShape step = step();
    Operand from = operand(in, matrix.inputs(), step);
    long to = rows(out, matrix.outputs()).floatsToWrite();
    products.multiply(from, matrix, all(step), to, false);
  }

  @Override
  public void projectAdd(Rows in, Matrix weight, Rows hidden) {
    PackedMatrix matrix = (PackedMatrix) weight;
    StepShape step = step();
    Operand from = operand(in, matrix.inputs(), step);
    products.multiply(from, matrix, all(step), addedTo(rows(hidden, matrix.outputs()), step), true);
  }

  private Operand operand(Rows in, int width, StepShape step) {
    CudaRows rows = rows(in, width);
    long address = rows.operands(step.capacity(), work);
    return new Operand(address, rows.plane(), width, step.control(), step.capacity(), rows.stamp());
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
  public void rotateAndStore(
      Rows qkv, AttentionSpec spec, List<Vector> headNorms, KvCache cache, int layer) {
    StepShape step = step();
    CudaRows rows = rows(qkv, spec.qkvWidth());
    long values = rows.floats(step.capacity(), work);
    long queries = rows.queriesToWrite(spec.queryWidth());
    attention.rotate(step, values, spec, headNorms, (CudaKvCache) cache, layer, queries);
  }

  @Override
  public void keep(int[] rows, Rows hidden, Rows qkv) {
    step = prepared().control().keep(rows, step(), (CudaRows) hidden, (CudaRows) qkv);
  }

  @Override
  public void attend(Rows qkv, AttentionSpec spec, KvCache cache, int layer, Rows out) {
    CudaRows target = rows(out, spec.queryWidth());
    long queries = rows(qkv, spec.qkvWidth()).queries();
    attention.attend(step(), queries, spec, (CudaKvCache) cache, layer, target.resultsToWrite());
  }

  @Override
  public void feedForward(Rows in, FeedForward weights, Rows hidden) {
    SwiGluWeights block = (SwiGluWeights) weights;
    StepShape step = step();
    int width = block.down().outputs();
    dense(step, operand(in, width, step), block, addedTo(rows(hidden, width), step));
  }

  private void dense(StepShape step, Operand from, SwiGluWeights block, long to) {
    long inner = prepared().inner();
    int stride = SwiGluWeights.innerStride(block.width());
    products.swiGlu(from, block.gateUp(), all(step), block.width(), inner, stride);
    long plane = (long) step.capacity() * stride;
    Operand between = new Operand(inner, plane, stride, step.control(), step.capacity());
    products.multiply(between, block.down(), all(step), to, true);
  }

  @Override
  public void moe(Rows in, MoeWeights weights, Rows hidden) {
    MixtureWeights experts = (MixtureWeights) weights;
    StepShape step = step();
    Operand from = operand(in, experts.hidden(), step);
    CudaRows rows = rows(in, experts.hidden());
    long routed = precision == Precision.F32 ? rows.floats(step.capacity(), work) : from.address();
    long to = addedTo(rows(hidden, experts.hidden()), step);
    mixture.run(step, from, routed, experts, to);
    for (SwiGluWeights shared : experts.apart()) {
      dense(step, from, shared, to);
    }
  }

  @Override
  public Logits logits(Rows hidden, Vector weight, float epsilon, Matrix head, int[] rows) {
    PackedMatrix matrix = (PackedMatrix) head;
    StepShape step = step();
    long from = rows(hidden, matrix.inputs()).floats(step.capacity(), work);
    Head.Selected selected =
        new Head.Selected(from, (NormWeight) weight, epsilon, matrix, rows.clone());
    Head stage = prepared().head();
    stage.compute(selected, 0);
    long made = steps;
    return new CudaLogits(stage, selected, () -> made == steps && !closed);
  }

  private static CudaRows rows(Rows rows, int width) {
    CudaRows own = (CudaRows) rows;
    if (own.width() != width) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "rows are %d wide, the operation needs %d", own.width(), width));
    }
    return own;
  }

  @Override
  public void copyBlocks(KvCache cache, int[] from, int[] to) {
    context.bind();
    work.flush();
    ((CudaKvCache) cache).copyBlocks(from, to, prepared().copies(), work);
  }

  // ---- tests and diagnosis

  /** What launches. */
  Work work() {
    return work;
  }

  /** What multiplies. */
  Products products() {
    return products;
  }

  /** Where device memory comes from. */
  DevicePool pool() {
    return pool;
  }

  @Override
  public void write(Rows rows, float[] values) {
    context.bind();
    work.flush();
    transfers.write(values, ((CudaRows) rows).floatsToWrite());
  }

  @Override
  public void read(Rows rows, float[] values) {
    context.bind();
    ((CudaRows) rows).read(values, work, transfers);
  }

  boolean isClosed() {
    return closed;
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
