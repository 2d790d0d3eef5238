package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CompactEncoderTest {

  @ParameterizedTest
  @CsvSource({"32, 1", "64, 3", "1024, 4", "1056, 2", "2048, 1"})
  void shouldLoseNothing(int inputs, int blocks) {
    long seed = System.nanoTime();
    for (CompactWeights kind : CompactWeights.values()) {
      short[] raw = kind.make(inputs * blocks * 64, new SplittableRandom(seed));
      byte[] written = new byte[CompactEncoder.bytesAtMost(inputs, blocks) + 1];
      Arrays.fill(written, (byte) 99);

      int bytes = CompactEncoder.encode(raw, inputs, blocks, written);

      assertThat(written[bytes]).isEqualTo((byte) 99);
      assertThat(CompactWeights.decode(written, inputs, blocks))
          .as("%s, seed %d", kind, seed)
          .isEqualTo(raw);
    }
  }

  @Test
  void shouldTakeThreeQuartersOfTheBytesOfTrainedWeights() {
    short[] raw = CompactWeights.NORMAL.make(1024 * 256, new SplittableRandom(5));

    int bytes = CompactEncoder.encode(raw, 1024, 4, new byte[CompactEncoder.bytesAtMost(1024, 4)]);

    assertThat(bytes / (2.0 * raw.length)).isBetween(0.75, 0.76);
  }

  @ParameterizedTest
  @EnumSource
  void shouldNeverTakeMuchMoreThanBefore(CompactWeights kind) {
    short[] raw = kind.make(1024 * 256, new SplittableRandom(5));

    int bytes = CompactEncoder.encode(raw, 1024, 4, new byte[CompactEncoder.bytesAtMost(1024, 4)]);

    assertThat(bytes / (2.0 * raw.length)).isLessThan(1.002);
  }
}
