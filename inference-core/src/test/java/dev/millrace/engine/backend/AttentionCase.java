package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.Fixtures.Extents;
import dev.millrace.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Attention over several ragged sequences: what came before each run is stored first, in a step of
 * its own. Blocks are dealt out of order.
 *
 * @param what for messages
 * @param extents widths
 * @param spec how it attends
 * @param headNorms weights of a learnt norm of q and of k, or none
 * @param sequences the runs
 * @param deviation of the values; large ones drive softmax to its ends
 */
record AttentionCase(
    String what,
    Extents extents,
    AttentionSpec spec,
    List<Tensor> headNorms,
    List<RaggedRun> sequences,
    double deviation) {

  private static final int BLOCK_TOKENS = 8;
  private static final int LAYERS = 2;
  private static final int ROWS_MAX = 400;

  /**
   * One sequence.
   *
   * @param position of the run's first token
   * @param rows tokens of the run
   */
  record RaggedRun(int position, int rows) {}

  static List<AttentionCase> all(Extents extents, int tile) {
    List<RaggedRun> ragged =
        List.of(
            new RaggedRun(0, 1),
            new RaggedRun(0, tile + 1),
            new RaggedRun(tile - 1, 1),
            new RaggedRun(7, 2),
            new RaggedRun(8, 1),
            new RaggedRun(130, tile - 1),
            new RaggedRun(3, tile));
    List<RaggedRun> one = List.of(new RaggedRun(5, 1));
    List<RaggedRun> far = List.of(new RaggedRun(1_000_003, 3), new RaggedRun(131_070, 4));
    List<RaggedRun> later = List.of(new RaggedRun(203, 3), new RaggedRun(117, 1));
    List<AttentionCase> cases = new ArrayList<>();
    for (Pairing pairing : Pairing.values()) {
      String name = "attention " + pairing + " ";
      AttentionSpec full = Fixtures.attention(extents, pairing, true, 0);
      AttentionSpec chunked = Fixtures.attention(extents, pairing, true, 16);
      cases.add(new AttentionCase(name + "one row " + extents, extents, full, one, 1));
      cases.add(new AttentionCase(name + "ragged " + extents, extents, full, ragged, 1));
      cases.add(new AttentionCase(name + "chunked " + extents, extents, chunked, ragged, 1));
      cases.add(new AttentionCase(name + "far " + extents, extents, chunked, far, 1));
    }
    AttentionSpec plain = Fixtures.attention(extents, Pairing.INTERLEAVED, false, 0);
    cases.add(
        new AttentionCase("attention without rotation " + extents, extents, plain, ragged, 1));
    // scores beyond what an exponential can take; q and k stay exact in bfloat16
    AttentionSpec bare = bare(extents);
    cases.add(new AttentionCase("attention sharp " + extents, extents, bare, ragged, 6));
    AttentionSpec odd = Fixtures.attention(extents, Pairing.INTERLEAVED, false, 5);
    cases.add(new AttentionCase("attention odd chunks " + extents, extents, odd, ragged, 1));
    AttentionSpec window = window(extents, 16);
    cases.add(new AttentionCase("attention window " + extents, extents, window, ragged, 1));
    cases.add(new AttentionCase("attention far window " + extents, extents, window, far, 1));
    AttentionSpec oddWindow = window(extents, 5);
    cases.add(new AttentionCase("attention odd window " + extents, extents, oddWindow, ragged, 1));
    AttentionSpec alone = window(extents, 1);
    cases.add(new AttentionCase("attention window of one " + extents, extents, alone, ragged, 1));
    Fixtures fixtures = new Fixtures(17);
    List<Tensor> norms =
        List.of(fixtures.vector(extents.headDimension()), fixtures.vector(extents.headDimension()));
    for (Pairing pairing : Pairing.values()) {
      String name = "attention " + pairing + " with learnt norms ";
      AttentionSpec learnt = Fixtures.learnt(extents, pairing);
      cases.add(new AttentionCase(name + "ragged " + extents, extents, learnt, norms, ragged, 3));
      cases.add(new AttentionCase(name + "later " + extents, extents, learnt, norms, later, 1));
    }
    return cases;
  }

  private static AttentionSpec window(Extents extents, int tokens) {
    return new AttentionSpec(
        extents.queryHeads(),
        extents.kvHeads(),
        extents.headDimension(),
        Fixtures.attention(extents, Pairing.HALVES, true, 0).rotary(),
        HeadNorm.NONE,
        new Visible.Window(tokens),
        AttentionSpec.Temperature.NONE);
  }

  private static AttentionSpec bare(Extents extents) {
    return new AttentionSpec(
        extents.queryHeads(),
        extents.kvHeads(),
        extents.headDimension(),
        RotaryEmbedding.NONE,
        HeadNorm.NONE,
        Visible.FULL,
        AttentionSpec.Temperature.NONE);
  }

  /** Without a learnt norm. */
  AttentionCase(
      String what,
      Extents extents,
      AttentionSpec spec,
      List<RaggedRun> sequences,
      double deviation) {
    this(what, extents, spec, List.of(), sequences, deviation);
  }

  /** q after rotation, then the output of attention. */
  int resultWidth() {
    return extents.queryHeads() * extents.headDimension();
  }

  /** Rows of the step. */
  int rows() {
    return sequences.stream().mapToInt(RaggedRun::rows).sum();
  }

  /** Rotated q of all rows, then attended rows. */
  float[] run(ComputeBackend backend) {
    Rows qkv = backend.rows(ROWS_MAX, extents.qkvWidth());
    Rows out = backend.rows(ROWS_MAX, resultWidth());
    List<Vector> norms = headNorms.stream().map(backend::vector).toList();
    KvCache cache = stored(backend, norms, qkv);
    backend.attend(qkv, spec, cache, LAYERS - 1, out);
    return join(queries(backend, qkv, rows()), BackendParityKit.read(backend, out, rows()));
  }

  /** The same of some rows, the others having been left out before attention. */
  float[] runKeeping(ComputeBackend backend, int[] kept) {
    Rows qkv = backend.rows(ROWS_MAX, extents.qkvWidth());
    Rows out = backend.rows(ROWS_MAX, resultWidth());
    Rows hidden = backend.rows(ROWS_MAX, extents.hidden());
    List<Vector> norms = headNorms.stream().map(backend::vector).toList();
    KvCache cache = stored(backend, norms, qkv);
    float[] residual = new Fixtures(12).values(rows() * extents.hidden(), 1);
    backend.write(hidden, residual);
    backend.keep(kept, hidden, qkv);
    backend.attend(qkv, spec, cache, LAYERS - 1, out);
    assertThat(BackendParityKit.read(backend, hidden, kept.length))
        .as("residual stream of the rows kept")
        .isEqualTo(rows(residual, extents.hidden(), kept));
    return join(
        queries(backend, qkv, kept.length), BackendParityKit.read(backend, out, kept.length));
  }

  /** Some rows of a result of {@link #run}, as {@link #runKeeping} gives them. */
  float[] kept(float[] result, int[] kept) {
    int half = rows() * resultWidth();
    return join(
        rows(Arrays.copyOf(result, half), resultWidth(), kept),
        rows(Arrays.copyOfRange(result, half, 2 * half), resultWidth(), kept));
  }

  private static float[] rows(float[] values, int width, int[] rows) {
    float[] some = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values, rows[i] * width, some, i * width, width);
    }
    return some;
  }

  /** A cache with everything stored; leaves the step begun and its queries in {@code qkv}. */
  private KvCache stored(ComputeBackend backend, List<Vector> norms, Rows qkv) {
    int blocks = 1;
    List<StepLayout.Run> past = new ArrayList<>();
    List<StepLayout.Run> now = new ArrayList<>();
    for (RaggedRun sequence : sequences) {
      int first = spec.firstVisible(sequence.position());
      int end = sequence.position() + sequence.rows();
      int[] table = new int[Math.ceilDiv(end, BLOCK_TOKENS)];
      for (int i = table.length - 1; i >= first / BLOCK_TOKENS; i--) {
        table[i] = blocks++;
      }
      if (sequence.position() > first) {
        past.add(new StepLayout.Run(new int[sequence.position() - first], first, table));
      }
      now.add(new StepLayout.Run(new int[sequence.rows()], sequence.position(), table));
    }
    KvCache cache =
        backend.kvCache(
            new KvShape(LAYERS, blocks, BLOCK_TOKENS, extents.kvHeads(), extents.headDimension()));
    Fixtures fixtures = new Fixtures(11);
    for (int layer = 0; layer < LAYERS; layer++) {
      if (!past.isEmpty()) {
        store(backend, new StepLayout(past), norms, qkv, cache, layer, fixtures);
      }
      store(backend, new StepLayout(now), norms, qkv, cache, layer, fixtures);
    }
    return cache;
  }

  private void store(
      ComputeBackend backend,
      StepLayout layout,
      List<Vector> norms,
      Rows qkv,
      KvCache cache,
      int layer,
      Fixtures fixtures) {
    backend.begin(layout);
    backend.write(qkv, fixtures.values(layout.rows() * extents.qkvWidth(), deviation));
    backend.rotateAndStore(qkv, spec, norms, cache, layer);
  }

  private float[] queries(ComputeBackend backend, Rows qkv, int rows) {
    float[] all = BackendParityKit.read(backend, qkv, rows);
    float[] queries = new float[rows * resultWidth()];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(all, row * extents.qkvWidth(), queries, row * resultWidth(), resultWidth());
    }
    return queries;
  }

  private static float[] join(float[] first, float[] second) {
    float[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
