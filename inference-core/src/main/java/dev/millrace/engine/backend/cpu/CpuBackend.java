package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.architecture.AttentionSpec;
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
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The operations of a decoder on the processor. The residual stream is f32; operands of products,
 * keys and values are bfloat16 or f32.
 *
 * <p>A result never depends on the number of threads: threads share tasks, and a task's cut follows
 * from the weights alone. Owned by the engine thread.
 */
final class CpuBackend implements ComputeBackend {

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final int NORM_ROWS_PER_TASK = 16;
  private static final int ROWS_PER_TASK = Product.TILE_ROWS_MAX;

  /** One part in so many of what is free: the rest is for the heap and for other processes. */
  private static final int KV_SHARE = 4;

  private final BackendInfo info;
  private final ElementType type;
  private final WorkerPool pool;
  private final Products products;
  private final Runnable prepareThread;
  private final Runnable onClose;
  private final NativeMemory memory = new NativeMemory();
  private final WeightPacker packer;
  private final Rotation rotation;
  private final Attention attention;
  private final FeedForwards feedForwards;
  private final MixtureOfExperts mixture;
  private final Growing denseInner;
  private final Growing headIn;
  private final Growing headOut;
  private int rowsMax = 1;
  private long steps;
  private @Nullable Step step;
  private boolean closed;

  /**
   * Takes over the products, borrows the pool.
   *
   * @param prepareThread called on the engine thread before it computes
   * @param onClose called when everything is freed
   */
  CpuBackend(
      BackendInfo info,
      ElementType type,
      WorkerPool pool,
      Products products,
      Runnable prepareThread,
      Runnable onClose) {
    this.info = info;
    this.type = type;
    this.pool = pool;
    this.products = products;
    this.prepareThread = prepareThread;
    this.onClose = onClose;
    packer = new WeightPacker(memory, pool, products::format);
    rotation = new Rotation(pool);
    attention = new Attention(pool, products, memory);
    feedForwards = new FeedForwards(pool, memory);
    mixture = new MixtureOfExperts(pool, products, feedForwards, memory);
    denseInner = new Growing(memory);
    headIn = new Growing(memory);
    headOut = new Growing(memory);
    prepareThread.run();
  }

  @Override
  public BackendInfo info() {
    return info;
  }

  // ---- load time

  @Override
  public Matrix matrix(List<MatrixSource> sources) {
    return packer.pack(sources, type);
  }

  @Override
  public Matrix embedding(MatrixSource table) {
    DType decodedTo = type == ElementType.BF16 ? DType.BF16 : DType.F32;
    return EmbeddingTable.copy(table, decodedTo, memory);
  }

  @Override
  public Vector vector(Tensor values) {
    return NormWeight.copy(values, memory);
  }

  @Override
  public FeedForward feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    return SwiGlu.pack(gate, up, down, type, packer, products);
  }

  @Override
  public MoeWeights moe(MoeSource source) {
    Experts experts = Experts.pack(source, type, packer, products);
    mixture.prepare(experts);
    return experts;
  }

  @Override
  public Rows rows(int rowsMax, int width) {
    this.rowsMax = Math.max(this.rowsMax, rowsMax);
    return new CpuRows(rowsMax, width, type, memory);
  }

  @Override
  public long kvBytes(KvShape shape) {
    return CpuKvCache.bytes(shape, type);
  }

  @Override
  public long kvBytesAvailable() {
    return Machine.availableBytes() / KV_SHARE;
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    return new CpuKvCache(shape, type, memory);
  }

  // ---- one step

  @Override
  public void begin(StepLayout layout) {
    prepareThread.run();
    if (layout.rows() > rowsMax) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a step of %d rows, but no activations for more than %d",
              layout.rows(),
              rowsMax));
    }
    steps++;
    step = Step.of(layout);
  }

  private Step step() {
    if (step == null) {
      throw new IllegalStateException("begin() comes before the first operation of a step");
    }
    return step;
  }

  @Override
  public void embed(Matrix table, Rows hidden) {
    EmbeddingTable embeddings = (EmbeddingTable) table;
    Step now = step();
    CpuRows target = rows(hidden, embeddings.inputs());
    MemorySegment to = target.floatsToWrite();
    forRows(
        now.rows(), row -> embeddings.read(now.tokens()[row], to, 4L * row * embeddings.inputs()));
  }

  @Override
  public void norm(Rows hidden, Vector weight, float epsilon, Rows out) {
    NormWeight scale = (NormWeight) weight;
    int width = scale.size();
    int count = step().rows();
    MemorySegment from = rows(hidden, width).floats(count, pool);
    CpuRows target = rows(out, width);
    MemorySegment floats = target.floatsStorage();
    MemorySegment operands = target.operandsStorage();
    forRows(
        count,
        row -> {
          long at = 4L * row * width;
          float inverse = RowMath.inverseRms(from, at, width, epsilon);
          RowMath.scale(from, at, inverse, scale.values(), floats, at, width);
          if (type != ElementType.F32) {
            RowMath.convert(floats, at, operands, at / 2, width, 1f, type);
          }
        });
    target.bothWritten();
  }

  @Override
  public void project(Rows in, Matrix weight, Rows out) {
    PackedMatrix matrix = (PackedMatrix) weight;
    int count = step().rows();
    MemorySegment from = rows(in, matrix.inputs()).operands(count, pool);
    MemorySegment to = rows(out, matrix.outputs()).floatsToWrite();
    multiply(from, matrix, to, Part.all(matrix, count), Epilogue.STORE);
  }

  @Override
  public void projectSome(Rows in, Matrix weight, Rows out, int outputs, int[] rows) {
    PackedMatrix matrix = (PackedMatrix) weight;
    int count = step().rows();
    MemorySegment from = rows(in, matrix.inputs()).operands(count, pool);
    MemorySegment to = rows(out, matrix.outputs()).floatsToWrite();
    multiply(from, matrix, to, Part.some(matrix, count, outputs, rows), Epilogue.STORE);
  }

  @Override
  public void projectAdd(Rows in, Matrix weight, Rows hidden) {
    PackedMatrix matrix = (PackedMatrix) weight;
    int count = step().rows();
    MemorySegment from = rows(in, matrix.inputs()).operands(count, pool);
    CpuRows target = rows(hidden, matrix.outputs());
    MemorySegment to = target.floats(count, pool);
    target.floatsToWrite();
    multiply(from, matrix, to, Part.all(matrix, count), Epilogue.ADD);
  }

  private void multiply(
      MemorySegment from,
      PackedMatrix matrix,
      MemorySegment to,
      List<Part> parts,
      Epilogue epilogue) {
    Product[] panels = new Product[matrix.panels()];
    for (int p = 0; p < panels.length; p++) {
      panels[p] =
          products.get(
              new ProductShape(
                  matrix.inputs(),
                  matrix.outputsOf(p),
                  type,
                  matrix.inputs(),
                  matrix.outputs(),
                  epilogue),
              matrix.format());
    }
    pool.run(
        parts.size(),
        (worker, index) -> {
          Part part = parts.get(index);
          long src = from.address() + (long) part.row() * matrix.inputs() * type.bytes();
          long column = (long) part.panel() * matrix.panelOutputs();
          long dst = to.address() + 4 * ((long) part.row() * matrix.outputs() + column);
          Part next = parts.get(pool.following(index, parts.size()));
          panels[part.panel()].run(
              worker,
              part.rows(),
              src,
              matrix.address(part.panel()),
              dst,
              matrix.address(next.panel()));
        });
  }

  @Override
  public void rotateAndStore(
      Rows qkv, AttentionSpec spec, List<Vector> headNorms, KvCache cache, int layer) {
    CpuRows rows = rows(qkv, spec.qkvWidth());
    MemorySegment values = rows.floats(step().rows(), pool);
    rows.floatsToWrite();
    rotation.run(step(), values, spec, headNorms, (CpuKvCache) cache, layer);
  }

  @Override
  public void keep(int[] rows, Rows hidden, Rows qkv) {
    step = step().keep(rows);
    ((CpuRows) hidden).keep(rows);
    ((CpuRows) qkv).keep(rows);
  }

  @Override
  public void attend(Rows qkv, AttentionSpec spec, KvCache cache, int layer, Rows out) {
    MemorySegment values = rows(qkv, spec.qkvWidth()).floats(step().rows(), pool);
    CpuRows target = rows(out, spec.queryWidth());
    attention.run(step(), values, spec, (CpuKvCache) cache, layer, target.operandsToWrite());
  }

  @Override
  public void feedForward(Rows in, FeedForward weights, Rows hidden) {
    SwiGlu block = (SwiGlu) weights;
    int count = step().rows();
    MemorySegment from = rows(in, block.width()).operands(count, pool);
    CpuRows target = rows(hidden, block.width());
    MemorySegment to = target.floats(count, pool);
    target.floatsToWrite();
    long bytes = (long) (rowsMax + ROWS_PER_TASK) * block.innerWidth() * type.bytes();
    MemorySegment inner = denseInner.atLeast(bytes);
    feedForwards.run(
        List.of(
            new FeedForwards.Group(block, count, from.address(), inner, 0, to.address(), true)));
  }

  @Override
  public void moe(Rows in, MoeWeights weights, Rows hidden) {
    Experts experts = (Experts) weights;
    mixture.run(
        rows(in, experts.width()), experts, rows(hidden, experts.width()), step().rows(), rowsMax);
  }

  @Override
  public Logits logits(Rows hidden, Vector weight, float epsilon, Matrix head, int[] rows) {
    PackedMatrix matrix = (PackedMatrix) head;
    int width = matrix.inputs();
    int count = rows.length;
    MemorySegment from = rows(hidden, width).floats(step().rows(), pool);
    long room = (long) count + ROWS_PER_TASK;
    MemorySegment in = headIn.atLeast(room * width * (Float.BYTES + type.bytes()));
    long operandsAt = room * width * Float.BYTES;
    MemorySegment out = headOut.atLeast(room * matrix.outputs() * Float.BYTES);
    MemorySegment scale = ((NormWeight) weight).values();
    forRows(
        count,
        row -> {
          long at = 4L * rows[row] * width;
          long to = 4L * row * width;
          float inverse = RowMath.inverseRms(from, at, width, epsilon);
          RowMath.scale(from, at, inverse, scale, in, to, width);
          RowMath.convert(
              in, to, in, operandsAt + (long) row * width * type.bytes(), width, 1f, type);
        });
    if (count > 0) {
      MemorySegment operands = in.asSlice(operandsAt);
      multiply(operands, matrix, out, Part.all(matrix, count), Epilogue.STORE);
    }
    long made = steps;
    return new CpuLogits(
        out, count, matrix.outputs(), matrix.outputs(), () -> made == steps && !closed);
  }

  private interface RowTask {
    void run(int row);
  }

  private void forRows(int rows, RowTask task) {
    int groups = (rows + NORM_ROWS_PER_TASK - 1) / NORM_ROWS_PER_TASK;
    pool.run(
        groups,
        (worker, index) -> {
          int end = Math.min(rows, (index + 1) * NORM_ROWS_PER_TASK);
          for (int row = index * NORM_ROWS_PER_TASK; row < end; row++) {
            task.run(row);
          }
        });
  }

  private static CpuRows rows(Rows rows, int width) {
    CpuRows own = (CpuRows) rows;
    if (own.width() != width) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "rows are %d wide, the operation needs %d", own.width(), width));
    }
    return own;
  }

  @Override
  public void copyBlocks(KvCache cache, int[] from, int[] to) {
    for (int i = 0; i < from.length; i++) {
      ((CpuKvCache) cache).copyBlock(from[i], to[i]);
    }
  }

  // ---- tests and diagnosis

  @Override
  public void write(Rows rows, float[] values) {
    CpuRows target = (CpuRows) rows;
    MemorySegment.copy(values, 0, target.floatsToWrite(), FLOAT, 0, values.length);
  }

  @Override
  public void read(Rows rows, float[] values) {
    CpuRows source = (CpuRows) rows;
    MemorySegment from = source.floats(values.length / source.width(), pool);
    MemorySegment.copy(from, FLOAT, 0, values, 0, values.length);
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      products.close();
      memory.close();
      onClose.run();
    }
  }
}
