package dev.millrace.engine.backend;

import dev.millrace.engine.backend.AttentionSpec.Pairing;
import dev.millrace.engine.backend.Fixtures.Extents;
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
 * @param sequences the runs
 * @param deviation of the values; large ones drive softmax to its ends
 */
record AttentionCase(
    String what, Extents extents, AttentionSpec spec, List<RaggedRun> sequences, double deviation) {

  private static final int BLOCK_TOKENS = 8;

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
    return cases;
  }

  private static AttentionSpec bare(Extents extents) {
    return new AttentionSpec(
        extents.queryHeads(),
        extents.kvHeads(),
        extents.headDimension(),
        new double[0],
        Pairing.INTERLEAVED,
        0,
        0,
        AttentionSpec.Temperature.NONE);
  }

  /** q after rotation, then the output of attention. */
  int resultWidth() {
    return extents.queryHeads() * extents.headDimension();
  }

  /** Rotated q of all rows, then attended rows. */
  float[] run(ComputeBackend backend) {
    int layers = 2;
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
            new KvShape(layers, blocks, BLOCK_TOKENS, extents.kvHeads(), extents.headDimension()));
    int rowsMax = 400;
    Rows qkv = backend.rows(rowsMax, extents.qkvWidth());
    Rows out = backend.rows(rowsMax, resultWidth());
    Fixtures fixtures = new Fixtures(11);
    for (int layer = 0; layer < layers; layer++) {
      if (!past.isEmpty()) {
        store(backend, new StepLayout(past), qkv, cache, layer, fixtures);
      }
      store(backend, new StepLayout(now), qkv, cache, layer, fixtures);
    }
    backend.attend(qkv, spec, cache, layers - 1, out);
    int rows = new StepLayout(now).rows();
    return join(queries(backend, qkv, rows), BackendParityKit.read(backend, out, rows));
  }

  private void store(
      ComputeBackend backend,
      StepLayout layout,
      Rows qkv,
      KvCache cache,
      int layer,
      Fixtures fixtures) {
    backend.begin(layout);
    backend.write(qkv, fixtures.values(layout.rows() * extents.qkvWidth(), deviation));
    backend.rotateAndStore(qkv, spec, cache, layer);
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
