package dev.millrace.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixIndexTest {
  private static final int BLOCK = 2;
  private final KvBlockPool pool = new KvBlockPool(6, BLOCK);
  private final PrefixIndex index = new PrefixIndex(pool);

  @Test
  void shouldFindTheLongestComputedBeginning() {
    BlockTable table = computed(1, 2, 3, 4, 5, 6);

    assertThat(index.match(0, prompt(1, 2, 3, 4, 9, 9), 3).blocks())
        .containsExactly(Arrays.copyOf(table.blocks(), 2));
    assertThat(index.match(0, prompt(1, 2, 3, 4, 5, 6), 3).blocks()).isEqualTo(table.blocks());
    assertThat(index.match(0, prompt(1, 2, 3, 4, 5, 6), 2).blocks()).hasSize(2);
    assertThat(index.match(0, prompt(3, 4), 1).blocks()).as("a middle is no beginning").isEmpty();
    assertThat(index.match(0, prompt(2, 1), 1).blocks()).isEmpty();
  }

  @Test
  void shouldTellAPendingBeginningFromAComputedOne() {
    BlockTable table = announced(1, 2, 3, 4);
    index.markReady(table.blocks()[0]);

    PrefixIndex.Match match = index.match(0, prompt(1, 2, 3, 4), 2);

    assertThat(match.ready()).isEqualTo(1);
    assertThat(match.pending()).isTrue();
  }

  @Test
  void shouldForgetWhatWasAnnouncedAndNeverComputed() {
    BlockTable table = announced(1, 2, 3, 4);
    int first = table.blocks()[0];
    index.markReady(first);

    index.withdraw(table.blocks());
    table.release(pool);

    assertThat(index.match(0, prompt(1, 2, 3, 4), 2).blocks()).containsExactly(first);
    assertThat(pool.reusable()).isEqualTo(1);
    assertThat(pool.free()).isEqualTo(5);
    index.verifyIntegrity();
  }

  @Test
  void shouldNotAnnounceTheSameBeginningTwice() {
    computed(1, 2, 3, 4);
    BlockTable again = grown(2);

    index.announce(0, prompt(1, 2, 3, 4), again.blocks(), 0, 2);
    again.release(pool);

    assertThat(pool.reusable()).as("the copy was not kept").isZero();
    index.verifyIntegrity();
  }

  @Test
  void shouldForgetTheEndOfAChainFirstWhenMemoryIsShort() {
    computed(1, 2, 3, 4, 5, 6).release(pool);

    grown(4);

    assertThat(index.match(0, prompt(1, 2, 3, 4, 5, 6), 3).blocks()).hasSize(2);
    index.verifyIntegrity();
  }

  @Test
  void shouldForgetTheLeastRecentlyUsedBeginning() {
    BlockTable old = computed(1, 1);
    BlockTable recent = computed(2, 2);
    recent.release(pool);
    old.release(pool);
    // a hit on what would be next
    BlockTable hit = new BlockTable();
    hit.share(pool, index.match(0, prompt(2, 2), 1).blocks(), 1);
    hit.release(pool);

    grown(5);

    assertThat(index.match(0, prompt(1, 1), 1).blocks()).isEmpty();
    assertThat(index.match(0, prompt(2, 2), 1).blocks()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void shouldMatchANaiveIndexWhateverIsEvicted(int seed) {
    Random random = new Random(seed);
    KvBlockPool many = new KvBlockPool(12, BLOCK);
    PrefixIndex real = new PrefixIndex(many);
    List<BlockTable> held = new ArrayList<>();
    List<int[]> prompts = new ArrayList<>();
    for (int round = 0; round < 3000; round++) {
      if (!held.isEmpty() && (held.size() > 3 || random.nextInt(3) == 0)) {
        held.remove(random.nextInt(held.size())).release(many);
      }
      int[] prompt = random.ints(2L * BLOCK * (1 + random.nextInt(2)), 0, 2).toArray();
      PrefixIndex.Match match = real.match(0, prompt, prompt.length / BLOCK);
      BlockTable table = new BlockTable();
      table.share(many, match.blocks(), match.ready());
      Reservation pays = Reservation.none(many);
      if (pays.tryAdd(prompt.length / BLOCK - match.ready())) {
        table.grow(many, prompt.length, pays);
        real.announce(0, prompt, table.blocks(), match.ready(), prompt.length / BLOCK);
        for (int block : table.blocks()) {
          real.markReady(block);
        }
        held.add(table);
        prompts.add(prompt);
      } else {
        table.release(many);
      }
      many.verifyIntegrity(held);
      real.verifyIntegrity();
      Set<Integer> distinct = new HashSet<>();
      for (int block : real.match(0, prompt, prompt.length / BLOCK).blocks()) {
        assertThat(distinct.add(block)).as("seed %d round %d", seed, round).isTrue();
      }
    }
    assertThat(prompts).as("seed %d", seed).hasSizeGreaterThan(1000);
  }

  private static int[] prompt(int... tokens) {
    return tokens;
  }

  private BlockTable computed(int... tokens) {
    BlockTable table = announced(tokens);
    for (int block : table.blocks()) {
      index.markReady(block);
    }
    return table;
  }

  @Test
  void shouldKeepTheChainsOfDifferentRootsApart() {
    BlockTable table = grown(2);
    index.announce(3, prompt(1, 2, 3, 4), table.blocks(), 0, 2);
    BlockTable other = grown(2);
    index.announce(0, prompt(1, 2, 3, 4), other.blocks(), 0, 2);

    assertThat(index.match(3, prompt(1, 2, 3, 4), 2).blocks()).isEqualTo(table.blocks());
    assertThat(index.match(0, prompt(1, 2, 3, 4), 2).blocks()).isEqualTo(other.blocks());
    assertThat(index.match(1, prompt(1, 2, 3, 4), 2).blocks()).isEmpty();
    index.withdraw(table.blocks());
    assertThat(index.match(3, prompt(1, 2, 3, 4), 2).blocks()).isEmpty();
    assertThat(index.match(0, prompt(1, 2, 3, 4), 2).blocks()).hasSize(2);
    index.verifyIntegrity();
  }

  private BlockTable announced(int... tokens) {
    BlockTable table = grown(tokens.length / BLOCK);
    index.announce(0, tokens, table.blocks(), 0, tokens.length / BLOCK);
    return table;
  }

  private BlockTable grown(int blocks) {
    Reservation reservation = Reservation.none(pool);
    assertThat(reservation.tryAdd(blocks)).isTrue();
    BlockTable table = new BlockTable();
    table.grow(pool, blocks * BLOCK, reservation);
    return table;
  }
}
