package dev.millrace.engine.backend.reference;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.backend.BackendException;
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
import dev.millrace.engine.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Every operation row by row in double precision with strict functions, so that results are the
 * same on every machine. Owned by the engine thread.
 */
final class ReferenceBackend implements ComputeBackend {

  static final String NAME = "reference";

  private @Nullable StepLayout step;
  private boolean closed;

  @Override
  public BackendInfo info() {
    return new BackendInfo(NAME, "plain Java", "f64", 1, "bitwise-on-every-machine");
  }

  @Override
  public Matrix matrix(List<MatrixSource> sources) {
    return new HostMatrix(sources);
  }

  @Override
  public Matrix embedding(MatrixSource table) {
    return new HostMatrix(List.of(table));
  }

  @Override
  public Vector vector(Tensor values) {
    return new HostVector(values);
  }

  @Override
  public FeedForward feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    return new SwiGlu(gate, up, down);
  }

  @Override
  public MoeWeights moe(MoeSource source) {
    return new MoeBlock(source);
  }

  @Override
  public Rows rows(int rowsMax, int width) {
    return new HostRows(rowsMax, width);
  }

  @Override
  public long kvBytes(KvShape shape) {
    return HostKvCache.bytes(shape);
  }

  @Override
  public long kvBytesAvailable() {
    Runtime runtime = Runtime.getRuntime();
    return (runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory())) / 4;
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    Runtime runtime = Runtime.getRuntime();
    if (kvBytes(shape) > runtime.maxMemory()) {
      throw new BackendException(
          String.format(
              Locale.ROOT,
              "keys and values need %d bytes, the heap may grow to %d; lower kvMemoryBytes "
                  + "or raise -Xmx",
              kvBytes(shape),
              runtime.maxMemory()));
    }
    return new HostKvCache(shape);
  }

  @Override
  public void begin(StepLayout layout) {
    if (closed) {
      throw new IllegalStateException("the reference backend is closed");
    }
    step = layout;
  }

  private StepLayout step() {
    if (closed || step == null) {
      throw new IllegalStateException(
          closed ? "the reference backend is closed" : "no step has begun");
    }
    return step;
  }

  @Override
  public void embed(Matrix table, Rows hidden) {
    HostMatrix matrix = (HostMatrix) table;
    HostRows out = (HostRows) hidden;
    float[] row = new float[matrix.inputs()];
    int t = 0;
    for (StepLayout.Run run : step().runs()) {
      for (int token : run.tokens()) {
        matrix.row(token, row);
        for (int i = 0; i < row.length; i++) {
          out.values()[out.at(t) + i] = row[i];
        }
        t++;
      }
    }
  }

  @Override
  public void norm(Rows hidden, Vector weight, float epsilon, Rows out) {
    HostRows from = (HostRows) hidden;
    HostRows to = (HostRows) out;
    float[] values = ((HostVector) weight).values();
    for (int t = 0; t < step().rows(); t++) {
      RmsNorm.apply(from.values(), from.at(t), values, epsilon, to.values(), to.at(t));
    }
  }

  @Override
  public void project(Rows in, Matrix weight, Rows out) {
    HostRows from = (HostRows) in;
    HostRows to = (HostRows) out;
    for (int t = 0; t < step().rows(); t++) {
      ((HostMatrix) weight).apply(from.values(), from.at(t), to.values(), to.at(t));
    }
  }

  @Override
  public void projectAdd(Rows in, Matrix weight, Rows hidden) {
    HostRows from = (HostRows) in;
    HostRows to = (HostRows) hidden;
    double[] product = new double[weight.outputs()];
    for (int t = 0; t < step().rows(); t++) {
      ((HostMatrix) weight).apply(from.values(), from.at(t), product, 0);
      for (int i = 0; i < product.length; i++) {
        to.values()[to.at(t) + i] += product[i];
      }
    }
  }

  @Override
  public void rotateAndStore(
      Rows qkv, AttentionSpec spec, List<Vector> headNorms, KvCache cache, int layer) {
    HostRows rows = (HostRows) qkv;
    HostKvCache kv = (HostKvCache) cache;
    double[] frequencies = spec.rotary().frequencies();
    boolean learnt = spec.headNorm() instanceof HeadNorm.Learnt;
    float[] queryNorm = learnt ? ((HostVector) headNorms.get(0)).values() : new float[0];
    float[] keyNorm = learnt ? ((HostVector) headNorms.get(1)).values() : new float[0];
    int size = spec.headDimension();
    int keysAt = spec.queryHeads() * size;
    int valuesAt = keysAt + spec.kvHeads() * size;
    int t = 0;
    for (StepLayout.Run run : step().runs()) {
      for (int i = 0; i < run.tokens().length; i++, t++) {
        int position = run.position() + i;
        int at = rows.at(t);
        double temperature = spec.temperature().factor(position);
        for (int head = 0; head < spec.queryHeads(); head++) {
          Rotary.head(rows.values(), at + head * size, spec, queryNorm, frequencies, position);
          for (int d = 0; d < size; d++) {
            rows.values()[at + head * size + d] *= temperature;
          }
        }
        double[] block = kv.block(layer, kv.shape().table(run), position);
        for (int head = 0; head < spec.kvHeads(); head++) {
          int key = at + keysAt + head * size;
          Rotary.head(rows.values(), key, spec, keyNorm, frequencies, position);
          System.arraycopy(rows.values(), key, block, kv.keyAt(position, head), size);
          int value = at + valuesAt + head * size;
          System.arraycopy(rows.values(), value, block, kv.valueAt(position, head), size);
        }
      }
    }
  }

  @Override
  public void keep(int[] rows, Rows hidden, Rows qkv) {
    step = step().keep(rows);
    ((HostRows) hidden).keep(rows);
    ((HostRows) qkv).keep(rows);
  }

  @Override
  public void attend(Rows qkv, AttentionSpec spec, KvCache cache, int layer, Rows out) {
    HostRows from = (HostRows) qkv;
    HostRows to = (HostRows) out;
    int t = 0;
    for (StepLayout.Run run : step().runs()) {
      for (int i = 0; i < run.tokens().length; i++, t++) {
        Attention.row(
            from.values(),
            from.at(t),
            spec,
            (HostKvCache) cache,
            layer,
            cache.shape().table(run),
            run.position() + i,
            to.values(),
            to.at(t));
      }
    }
  }

  @Override
  public void feedForward(Rows in, FeedForward weights, Rows hidden) {
    HostRows from = (HostRows) in;
    HostRows to = (HostRows) hidden;
    for (int t = 0; t < step().rows(); t++) {
      ((SwiGlu) weights).applyAdd(from.values(), from.at(t), to.values(), to.at(t));
    }
  }

  @Override
  public void moe(Rows in, MoeWeights weights, Rows hidden) {
    HostRows from = (HostRows) in;
    HostRows to = (HostRows) hidden;
    for (int t = 0; t < step().rows(); t++) {
      ((MoeBlock) weights).applyAdd(from.values(), from.at(t), to.values(), to.at(t));
    }
  }

  @Override
  public Logits logits(Rows hidden, Vector weight, float epsilon, Matrix head, int[] rows) {
    HostRows from = (HostRows) hidden;
    HostMatrix matrix = (HostMatrix) head;
    float[] scale = ((HostVector) weight).values();
    double[] normed = new double[scale.length];
    double[] values = new double[matrix.outputs()];
    float[][] result = new float[rows.length][matrix.outputs()];
    for (int r = 0; r < rows.length; r++) {
      RmsNorm.apply(from.values(), from.at(rows[r]), scale, epsilon, normed, 0);
      matrix.apply(normed, 0, values, 0);
      for (int v = 0; v < values.length; v++) {
        result[r][v] = (float) values[v];
      }
    }
    return new HostLogits(matrix.outputs(), result);
  }

  @Override
  public void copyBlocks(KvCache cache, int[] from, int[] to) {
    for (int i = 0; i < from.length; i++) {
      ((HostKvCache) cache).copy(from[i], to[i]);
    }
  }

  @Override
  public void write(Rows rows, float[] values) {
    double[] to = ((HostRows) rows).values();
    for (int i = 0; i < values.length; i++) {
      to[i] = values[i];
    }
  }

  @Override
  public void read(Rows rows, float[] values) {
    double[] from = ((HostRows) rows).values();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) from[i];
    }
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    step = null;
  }
}
