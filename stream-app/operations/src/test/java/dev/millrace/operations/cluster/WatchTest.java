package dev.millrace.operations.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WatchTest {
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicBoolean there = new AtomicBoolean(true);

  private void ask() throws TimeoutException {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
    if (!there.get()) {
      throw new TimeoutException("no answer");
    }
  }

  @Test
  void shouldSaySinceWhenTheAnswerIsMissingAndWhenItIsBack() {
    try (Watch watch = new Watch("no broker answers", this::ask, nanos::get)) {
      watch.look();
      assertThat(watch.problem()).isEmpty();

      there.set(false);
      watch.look();
      assertThat(watch.problem()).isEqualTo("no broker answers for 2 s");
      watch.look();
      assertThat(watch.problem()).isEqualTo("no broker answers for 4 s");

      there.set(true);
      watch.look();
      assertThat(watch.problem()).isEmpty();
    }
  }

  @Test
  void shouldGoOnAskingAfterAFailure() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(3);
    try (Watch watch =
        Watch.start(
            "nobody is there",
            Duration.ofMillis(1),
            () -> {
              asked.countDown();
              throw new TimeoutException("no answer");
            },
            System::nanoTime)) {
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(watch.problem()).startsWith("nobody is there for ");
    }
  }
}
