package dev.millrace.streams.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.operations.config.TopicSelection;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PendingKeysTest {
  private static final PendingKeys NAMED = new PendingKeys(TopicSelection.named("documents"));
  private static final PendingKeys MATCHING = new PendingKeys(TopicSelection.matching(".*"));

  @Test
  void shouldSortKeysOfATopicAsDocumentsArrived() {
    long seed = 20261121;
    Random random = new Random(seed);
    TreeSet<PendingId> ids = new TreeSet<>();
    for (int i = 0; i < 1000; i++) {
      ids.add(new PendingId("documents", random.nextInt(300), random.nextLong(1L << (1 + i % 62))));
    }

    for (PendingKeys keys : List.of(NAMED, MATCHING)) {
      List<PendingId> byBytes =
          ids.stream().map(keys::bytes).sorted(Arrays::compareUnsigned).map(keys::of).toList();
      assertThat(byBytes).as("seed %d", seed).containsExactlyElementsOf(ids);
    }
  }

  /** A topic's name may begin with another's. */
  @Test
  void shouldKeepTopicsOfAPatternApart() {
    PendingId last = new PendingId("a", 1, Long.MAX_VALUE);
    PendingId first = new PendingId("a-b", 1, 0);

    assertThat(Arrays.compareUnsigned(MATCHING.bytes(last), MATCHING.bytes(first))).isNegative();
    assertThat(MATCHING.of(MATCHING.bytes(last))).isEqualTo(last);
    assertThat(MATCHING.of(MATCHING.bytes(first))).isEqualTo(first);
    assertThat(MATCHING.bytes(first)).hasSize(MATCHING.size("a-b"));
  }

  /** Part of the changelog: other bytes lose what is pending. */
  @Test
  void shouldKeepTheGoldenBytes() {
    PendingId id = new PendingId("documents", 2, 7);

    assertThat(HexFormat.of().formatHex(NAMED.bytes(id))).isEqualTo("000000020000000000000007");
    assertThat(HexFormat.of().formatHex(MATCHING.bytes(new PendingId("ab", 2, 7))))
        .isEqualTo("00000002" + "6162" + "00" + "0000000000000007");
    assertThat(NAMED.bytes(id)).hasSize(NAMED.size("documents"));
  }

  @Test
  void shouldRefuseKeysOfTheOtherKind() {
    assertThatThrownBy(() -> NAMED.of(new byte[11])).hasMessageContaining("11 bytes");
    assertThatThrownBy(() -> NAMED.of(MATCHING.bytes(new PendingId("a", 0, 1))))
        .hasMessageContaining("topic or pattern");
    assertThatThrownBy(() -> MATCHING.of(NAMED.bytes(new PendingId("documents", 0, 1))))
        .hasMessageContaining("topic or pattern");
  }
}
