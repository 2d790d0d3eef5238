package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;

/** Passes everything on, so that a test can spoil one operation. */
class ForwardingBackend implements ComputeBackend {

  private final ComputeBackend target;

  ForwardingBackend(ComputeBackend target) {
    this.target = target;
  }

  @Override
  public BackendInfo info() {
    return target.info();
  }

  @Override
  public Matrix matrix(List<MatrixSource> sources) {
    return target.matrix(sources);
  }

  @Override
  public Matrix embedding(MatrixSource table) {
    return target.embedding(table);
  }

  @Override
  public Vector vector(Tensor values) {
    return target.vector(values);
  }

  @Override
  public FeedForward feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    return target.feedForward(gate, up, down);
  }

  @Override
  public MoeWeights moe(MoeSource source) {
    return target.moe(source);
  }

  @Override
  public Rows rows(int rowsMax, int width) {
    return target.rows(rowsMax, width);
  }

  @Override
  public long bytesNeeded(Consumer<LoadTarget> model, KvDemand demand) {
    return target.bytesNeeded(model, demand);
  }

  @Override
  public void requireRoom(Consumer<LoadTarget> model, KvDemand demand, long beside) {
    target.requireRoom(model, demand, beside);
  }

  @Override
  public long workBytesToCome() {
    return target.workBytesToCome();
  }

  @Override
  public long kvBytes(KvShape shape) {
    return target.kvBytes(shape);
  }

  @Override
  public long kvBytesAvailable() {
    return target.kvBytesAvailable();
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    return target.kvCache(shape);
  }

  @Override
  public void begin(StepLayout layout) {
    target.begin(layout);
  }

  @Override
  public void embed(Matrix table, Rows hidden) {
    target.embed(table, hidden);
  }

  @Override
  public void norm(Rows hidden, Vector weight, float epsilon, Rows out) {
    target.norm(hidden, weight, epsilon, out);
  }

  @Override
  public void project(Rows in, Matrix weight, Rows out) {
    target.project(in, weight, out);
  }

  @Override
  public void projectSome(Rows in, Matrix weight, Rows out, int outputs, int[] rows) {
    target.projectSome(in, weight, out, outputs, rows);
  }

  @Override
  public void projectAdd(Rows in, Matrix weight, Rows hidden) {
    target.projectAdd(in, weight, hidden);
  }

  @Override
  public void rotateAndStore(
      Rows qkv, AttentionSpec spec, List<Vector> headNorms, KvCache cache, int layer) {
    target.rotateAndStore(qkv, spec, headNorms, cache, layer);
  }

  @Override
  public void keep(int[] rows, Rows hidden, Rows qkv) {
    target.keep(rows, hidden, qkv);
  }

  @Override
  public void attend(Rows qkv, AttentionSpec spec, KvCache cache, int layer, Rows out) {
    target.attend(qkv, spec, cache, layer, out);
  }

  @Override
  public void feedForward(Rows in, FeedForward weights, Rows hidden) {
    target.feedForward(in, weights, hidden);
  }

  @Override
  public void moe(Rows in, MoeWeights weights, Rows hidden) {
    target.moe(in, weights, hidden);
  }

  @Override
  public Logits logits(Rows hidden, Vector weight, float epsilon, Matrix head, int[] rows) {
    return target.logits(hidden, weight, epsilon, head, rows);
  }

  @Override
  public void copyBlocks(KvCache cache, int[] from, int[] to) {
    target.copyBlocks(cache, from, to);
  }

  @Override
  public void write(Rows rows, float[] values) {
    target.write(rows, values);
  }

  @Override
  public void read(Rows rows, float[] values) {
    target.read(rows, values);
  }

  @Override
  public void close() {
    target.close();
  }
}
