package dev.millrace.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class StreamsStopTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofSeconds(2);

  /** A second at each reading. */
  private final AtomicLong nanos = new AtomicLong();

  private final AtomicLong begin = new AtomicLong(-1);

  private long clock() {
    long now = nanos.getAndAdd(Duration.ofSeconds(1).toNanos());
    begin.compareAndSet(-1, now);
    return now;
  }

  private long seconds() {
    return Duration.ofNanos(nanos.get() - begin.get()).toSeconds() - 1;
  }

  private StreamsStop stop(BooleanSupplier brokerAway) {
    return new StreamsStop(brokerAway, this::clock);
  }

  @Test
  void shouldWaitAsLongAsItMayWhileABrokerAnswers() {
    assertThat(stop(() -> false).await(() -> false, LONG, SHORT)).isFalse();
    assertThat(seconds()).isEqualTo(LONG.toSeconds());
  }

  @Test
  void shouldEndAsSoonAsItIsSo() {
    assertThat(stop(() -> false).await(() -> seconds() >= 3, LONG, SHORT)).isTrue();
    assertThat(seconds()).isEqualTo(3);
  }

  @Test
  void shouldWaitAMomentOnceNoBrokerAnswers() {
    assertThat(stop(() -> seconds() >= 5).await(() -> false, LONG, SHORT)).isFalse();
    assertThat(seconds()).isBetween(7L, 8L);
  }

  @Test
  void shouldNotWaitAtAllForWhatNeedsABroker() {
    assertThat(stop(() -> true).await(() -> false, LONG, Duration.ZERO)).isFalse();
    assertThat(seconds()).isLessThanOrEqualTo(1);
  }

  @Test
  void shouldNotWaitLongerWithoutABrokerThanWithOne() {
    assertThat(stop(() -> true).await(() -> false, SHORT, LONG)).isFalse();
    assertThat(seconds()).isEqualTo(SHORT.toSeconds());
  }
}
