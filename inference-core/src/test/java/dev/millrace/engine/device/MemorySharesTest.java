package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class MemorySharesTest {
  private static final long ALL = Long.MAX_VALUE;

  @Test
  void shouldDivideByTheShares() {
    assertThat(MemoryShares.divide(4000, new int[] {3, 1}, new long[] {ALL, ALL}))
        .containsExactly(3000, 1000);
    assertThat(MemoryShares.divide(1L << 40, new int[] {1}, new long[] {ALL}))
        .containsExactly(1L << 40);
  }

  @Test
  void shouldGiveToOthersWhatOneCannotUse() {
    assertThat(MemoryShares.divide(4000, new int[] {2, 1, 1}, new long[] {100, ALL, ALL}))
        .containsExactly(100, 1950, 1950);
    assertThat(MemoryShares.divide(4000, new int[] {2, 1}, new long[] {100, 200}))
        .containsExactly(100, 200);
  }

  @Test
  void shouldGiveNothingOfNothing() {
    assertThat(MemoryShares.divide(-5, new int[] {2, 1}, new long[] {ALL, ALL}))
        .containsExactly(0, 0);
  }

  @Test
  void shouldNeverGiveMoreThanThereIsNorThanIsOfUse() {
    for (int seed = 0; seed < 2000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int count = 1 + random.nextInt(5);
      int[] shares = random.ints(count, 1, 100).toArray();
      long[] most = random.longs(count, 0, 1L << 50).toArray();
      long bytes = random.nextLong(1L << 50);

      long[] given = MemoryShares.divide(bytes, shares, most);

      long sum = Arrays.stream(given).sum();
      assertThat(sum).as("seed %d", seed).isLessThanOrEqualTo(bytes);
      long wanted = Arrays.stream(most).sum();
      assertThat(sum).as("seed %d", seed).isGreaterThanOrEqualTo(Math.min(bytes, wanted) - count);
      for (int i = 0; i < count; i++) {
        assertThat(given[i]).as("seed %d", seed).isLessThanOrEqualTo(most[i]);
      }
    }
  }
}
