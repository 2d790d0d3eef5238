package dev.millrace.streams.processor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PermitsTest {
  private final Permits permits = new Permits(3, 100);

  @Test
  void shouldLimitDocumentsAndBytes() {
    assertThat(permits.tryAcquire(60)).isTrue();
    assertThat(permits.tryAcquire(41)).isFalse();
    assertThat(permits.tryAcquire(20)).isTrue();
    assertThat(permits.tryAcquire(20)).isTrue();
    assertThat(permits.tryAcquire(0)).isFalse();

    permits.release(60);
    assertThat(permits.documentsHeld()).isEqualTo(2);
    assertThat(permits.tryAcquire(60)).isTrue();
  }

  @Test
  void shouldAdmitOneHoweverLarge() {
    assertThat(permits.tryAcquire(1000)).isTrue();
    assertThat(permits.tryAcquire(1)).isFalse();
  }

  @Test
  void shouldGiveTheOnlyPermitOnceAllOthersAreBack() {
    permits.tryAcquire(1);

    assertThat(permits.tryAcquireAlone("a")).isFalse();
    assertThat(permits.tryAcquire(1)).as("somebody waits for the only permit").isFalse();
    permits.release(1);
    assertThat(permits.tryAcquireAlone("b")).as("the first comes first").isFalse();
    assertThat(permits.tryAcquireAlone("a")).isTrue();
    assertThat(permits.tryAcquireAlone("a")).as("one at a time").isFalse();
    assertThat(permits.tryAcquire(1)).isFalse();
    assertThat(permits.documentsHeld()).isEqualTo(1);

    permits.releaseAlone("b");
    assertThat(permits.tryAcquire(1)).as("not b's to give back").isFalse();
    permits.releaseAlone("a");
    assertThat(permits.documentsHeld()).isZero();
    assertThat(permits.tryAcquire(1)).isTrue();
  }

  @Test
  void shouldForgetAWishThatIsWithdrawn() {
    permits.tryAcquire(1);
    permits.tryAcquireAlone("a");

    permits.releaseAlone("a");

    assertThat(permits.tryAcquire(1)).isTrue();
  }
}
