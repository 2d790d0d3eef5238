package dev.millrace.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendProvider;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

final class ReferenceBackendTest {

  private final ComputeBackend backend = new ReferenceProvider().create(BackendOptions.DEFAULTS);

  @Test
  void shouldBeFoundAsAService() {
    assertThat(ServiceLoader.load(BackendProvider.class))
        .anyMatch(provider -> provider instanceof ReferenceProvider);
    assertThat(backend.info().name()).isEqualTo(new ReferenceProvider().name());
  }

  @Test
  void shouldAttendWithinTheChunkOnly() {
    AttentionSpec spec = plain(1, 1, new Visible.Chunk(2), Temperature.NONE);
    // equal keys: every visible value weighs the same; the table's blocks are out of order
    float[] out = attend(spec, 1, new int[] {2, 0}, equalKeys(5));

    // values are 10 p and p
    assertThat(out).containsExactly(0, 0, 5, 0.5f, 20, 2, 25, 2.5f, 40, 4);
  }

  @Test
  void shouldAttendToEverythingBeforeWithoutChunks() {
    AttentionSpec spec = plain(1, 1, Visible.FULL, Temperature.NONE);
    float[] out = attend(spec, 1, new int[] {2, 0}, equalKeys(3));

    assertThat(out).containsExactly(0, 0, 5, 0.5f, 10, 1);
  }

  @Test
  void shouldDivideScoresByTheRootOfTheHeadDimension() {
    AttentionSpec spec = plain(1, 1, Visible.FULL, Temperature.NONE);
    float ln3 = (float) (Math.log(3) * Math.sqrt(2));
    float[] out = attend(spec, 1, new int[] {0}, 1, 0, 0, 0, 1, 0, ln3, 0);

    // scores 0 and ln 3: weights a quarter and three quarters
    assertThat(out[2]).isEqualTo(7.5f, within(1e-6f));
    assertThat(out[3]).isEqualTo(0.75f, within(1e-6f));
  }

  @Test
  void shouldScaleQueriesByTemperatureAndLeaveKeysAlone() {
    AttentionSpec spec = plain(1, 1, Visible.FULL, new Temperature(2, 0.5));
    float ln3 = (float) (Math.log(3) * Math.sqrt(2));
    float[] out = attend(spec, 1, new int[] {0}, 1, 0, 0, 0, 1, 0, ln3, 0);

    // factor at position 1: ln(1 + floor(2 / 2)) / 2 + 1
    double score = Math.log(3) * (Math.log(2) / 2 + 1);
    double weight = Math.exp(score) / (1 + Math.exp(score));
    assertThat(out[2]).isEqualTo((float) (10 * weight), within(1e-5f));
  }

  @Test
  void shouldShareAKeyValueHeadBetweenNeighbouringQueryHeads() {
    AttentionSpec spec = plain(4, 2, Visible.FULL, Temperature.NONE);
    backend.begin(layout(0, new int[] {0}, 1));
    KvCache cache = backend.kvCache(new KvShape(1, 1, 4, 2, 2));
    Rows qkv = backend.rows(1, 16);
    Rows out = backend.rows(1, 8);
    backend.write(qkv, new float[] {1, 1, 1, 1, 1, 1, 1, 1, 5, 5, 6, 6, 10, 11, 20, 21});
    backend.rotateAndStore(qkv, spec, List.of(), cache, 0);
    backend.attend(qkv, spec, cache, 0, out);

    float[] read = new float[8];
    backend.read(out, read);
    assertThat(read).containsExactly(10, 11, 10, 11, 20, 21, 20, 21);
  }

  @Test
  void shouldCopyBlocksOfAllLayers() {
    AttentionSpec spec = plain(1, 1, Visible.FULL, Temperature.NONE);
    KvCache cache = backend.kvCache(new KvShape(2, 3, 2, 1, 2));
    Rows qkv = backend.rows(2, 6);
    Rows out = backend.rows(2, 2);
    for (int layer = 0; layer < 2; layer++) {
      backend.begin(layout(0, new int[] {0}, 2));
      backend.write(qkv, new float[] {0, 0, 0, 0, 1 + layer, 2, 0, 0, 0, 0, 3, 4 + layer});
      backend.rotateAndStore(qkv, spec, List.of(), cache, layer);
    }

    backend.copyBlocks(cache, new int[] {0}, new int[] {2});

    backend.begin(layout(1, new int[] {2}, 1));
    float[] read = new float[2];
    backend.attend(qkv, spec, cache, 1, out);
    backend.read(out, read);
    assertThat(read).containsExactly(2.5f, 3.5f);
    backend.attend(qkv, spec, cache, 0, out);
    backend.read(out, read);
    assertThat(read).containsExactly(2, 3);
  }

  @Test
  void shouldSayWhatACacheCosts() {
    // 2 layers x 3 blocks x 4 tokens x (k and v) x 5 heads x 6 elements x 8 bytes
    assertThat(backend.kvBytes(new KvShape(2, 3, 4, 5, 6))).isEqualTo(2 * 3 * 4 * 2 * 5 * 6 * 8);
    assertThat(backend.kvBytes(new KvShape(48, 1 << 24, 64, 8, 128)))
        .isEqualTo((48L << 24) * 64 * 2 * 8 * 128 * 8);
    assertThat(backend.kvBytesAvailable()).isPositive();
  }

  @Test
  void shouldRefuseToWorkAfterClose() {
    backend.close();
    backend.close();

    assertThatThrownBy(() -> backend.begin(layout(0, new int[] {0}, 1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  /** Heads of two elements that are neither rotated nor normalised. */
  private static AttentionSpec plain(
      int queryHeads, int kvHeads, Visible visible, Temperature temperature) {
    return new AttentionSpec(
        queryHeads, kvHeads, 2, RotaryEmbedding.NONE, HeadNorm.NONE, visible, temperature);
  }

  /** One row per pair of q and k; v of position p is (10 p, p). Gives the rows' outputs. */
  private float[] attend(AttentionSpec spec, int heads, int[] blocks, float... queriesAndKeys) {
    int rows = queriesAndKeys.length / 4;
    KvCache cache = backend.kvCache(new KvShape(1, 3, 4, heads, 2));
    Rows qkv = backend.rows(rows, 6);
    Rows out = backend.rows(rows, 2);
    float[] values = new float[rows * 6];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(queriesAndKeys, row * 4, values, row * 6, 4);
      values[row * 6 + 4] = 10 * row;
      values[row * 6 + 5] = row;
    }
    backend.begin(layout(0, blocks, rows));
    backend.write(qkv, values);
    backend.rotateAndStore(qkv, spec, List.of(), cache, 0);
    backend.attend(qkv, spec, cache, 0, out);
    float[] read = new float[rows * 2];
    backend.read(out, read);
    return read;
  }

  private static float[] equalKeys(int rows) {
    float[] values = new float[rows * 4];
    for (int row = 0; row < rows; row++) {
      values[row * 4 + 1] = 1;
      values[row * 4 + 3] = 1;
    }
    return values;
  }

  private static StepLayout layout(int position, int[] blocks, int rows) {
    return new StepLayout(List.of(new StepLayout.Run(new int[rows], position, blocks)));
  }
}
