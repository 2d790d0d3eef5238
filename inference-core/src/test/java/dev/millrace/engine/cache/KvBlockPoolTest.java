package dev.millrace.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KvBlockPoolTest {
  private final KvBlockPool pool = new KvBlockPool(4, 8);

  @Test
  void shouldPromiseNoMoreThanThereIs() {
    Reservation first = Reservation.none(pool);
    Reservation second = Reservation.none(pool);

    assertThat(first.tryAdd(3)).isTrue();
    assertThat(second.tryAdd(2)).isFalse();
    assertThat(second.tryAdd(1)).isTrue();
    assertThat(pool.reserved()).isEqualTo(4);

    first.close();
    first.close();
    assertThat(pool.reserved()).isEqualTo(1);
    assertThat(second.tryAdd(3)).isTrue();
  }

  @Test
  void shouldRefuseToTakeMoreThanTheWorstCase() {
    Reservation reservation = Reservation.none(pool);
    reservation.tryAdd(1);
    BlockTable table = new BlockTable();

    table.grow(pool, 8, reservation);

    assertThatThrownBy(() -> table.grow(pool, 9, reservation))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("more blocks than its worst case");
  }

  @Test
  void shouldCountAPromiseAgainstReusableBlocksToo() {
    BlockTable table = grown(2);
    for (int block : table.blocks()) {
      pool.keep(block);
    }
    table.release(pool);
    assertThat(pool.free()).isEqualTo(2);
    assertThat(pool.reusable()).isEqualTo(2);

    Reservation reservation = Reservation.none(pool);
    assertThat(reservation.tryAdd(4)).isTrue();
    assertThat(Reservation.none(pool).tryAdd(1)).isFalse();
  }

  @Test
  void shouldGiveOutTheOldestReusableBlockFirstAndTheEndOfAChainBeforeItsBeginning() {
    BlockTable first = grown(2);
    BlockTable second = grown(2);
    int[] a = first.blocks();
    int[] b = second.blocks();
    for (int block : new int[] {a[0], a[1], b[0], b[1]}) {
      pool.keep(block);
    }
    List<Integer> evicted = new ArrayList<>();
    pool.onEviction(evicted::add);
    second.release(pool);
    first.release(pool);

    grown(4);

    assertThat(evicted).containsExactly(b[1], b[0], a[1], a[0]);
  }

  @Test
  void shouldReviveAReusableBlock() {
    BlockTable table = grown(1);
    int[] blocks = table.blocks();
    pool.keep(blocks[0]);
    table.release(pool);

    BlockTable other = new BlockTable();
    other.share(pool, blocks, 1);

    assertThat(pool.reusable()).isZero();
    assertThat(pool.references(blocks[0])).isEqualTo(1);
    assertThatCode(() -> pool.verifyIntegrity(List.of(other))).doesNotThrowAnyException();
  }

  @Test
  void shouldNoticeABlockThatIsReleasedTwiceOrRetainedWhileFree() {
    BlockTable table = grown(1);
    int block = table.blocks()[0];
    table.release(pool);

    assertThatThrownBy(() -> pool.release(block)).hasMessageContaining("released twice");
    assertThatThrownBy(() -> pool.retain(block)).hasMessageContaining("free block was retained");
  }

  @Test
  void shouldNoticeATableThatNobodyOwns() {
    BlockTable table = grown(2);

    assertThatThrownBy(() -> pool.verifyIntegrity(List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("1 references, but 0 tables hold it");
    assertThatThrownBy(() -> pool.verifyIntegrity(List.of(table, table)))
        .hasMessageContaining("but 2 tables hold it");
  }

  @Test
  void shouldShareFullBlocksAndCopyThePartlyFilledOneWhenForking() {
    BlockTable parent = grown(2);
    Reservation pays = Reservation.none(pool);
    pays.tryAdd(1);
    BlockCopies copies = new BlockCopies();

    BlockTable child = parent.fork(pool, 11, pays, copies);

    assertThat(child.blocks()[0]).isEqualTo(parent.blocks()[0]);
    assertThat(child.blocks()[1]).isNotEqualTo(parent.blocks()[1]);
    assertThat(copies.from()).containsExactly(parent.blocks()[1]);
    assertThat(copies.to()).containsExactly(child.blocks()[1]);
    assertThat(pool.references(parent.blocks()[0])).isEqualTo(2);
    assertThat(pays.remaining()).isZero();
    pool.verifyIntegrity(List.of(parent, child));
  }

  @Test
  void shouldCopyNothingWhenForkingAtABlockBorder() {
    BlockTable parent = grown(2);
    BlockCopies copies = new BlockCopies();

    BlockTable child = parent.fork(pool, 16, Reservation.none(pool), copies);

    assertThat(child.blocks()).isEqualTo(parent.blocks());
    assertThat(copies.size()).isZero();
  }

  @Test
  void shouldKeepReturnedBlocksPromised() {
    Reservation reservation = Reservation.none(pool);
    reservation.tryAdd(4);
    BlockTable table = new BlockTable();
    table.grow(pool, 17, reservation);
    assertThat(reservation.remaining()).isEqualTo(1);

    reservation.takeBack(table);

    assertThat(reservation.remaining()).isEqualTo(4);
    assertThat(Reservation.none(pool).tryAdd(1)).isFalse();
    assertThat(table.size()).isZero();
  }

  private BlockTable grown(int blocks) {
    Reservation reservation = Reservation.none(pool);
    assertThat(reservation.tryAdd(blocks)).isTrue();
    BlockTable table = new BlockTable();
    table.grow(pool, blocks * 8, reservation);
    return table;
  }
}
