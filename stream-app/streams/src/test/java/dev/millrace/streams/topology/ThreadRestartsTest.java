package dev.millrace.streams.topology;

import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.REPLACE_THREAD;
import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.junit.jupiter.api.Test;

class ThreadRestartsTest {
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger asked = new AtomicInteger();
  private final ThreadRestarts restarts =
      new ThreadRestarts(2, Duration.ofMinutes(1), nanos::get, asked::incrementAndGet);

  @Test
  void shouldReplaceAThreadUntilItDiesTooOften() {
    RuntimeException fault = new IllegalStateException("bug");

    assertThat(restarts.handle(fault)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(fault)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(fault)).isEqualTo(SHUTDOWN_CLIENT);
    nanos.addAndGet(Duration.ofSeconds(61).toNanos());
    assertThat(restarts.handle(fault)).isEqualTo(REPLACE_THREAD);
  }

  @Test
  void shouldAskAgainWhatTopicsTakeWhenOneRefusedATimestamp() {
    assertThat(restarts.handle(new IllegalStateException("bug"))).isEqualTo(REPLACE_THREAD);
    assertThat(asked).hasValue(0);

    RuntimeException refused = new RuntimeException(new InvalidTimestampException("out of range"));

    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    assertThat(asked).hasValue(1);
  }

  @Test
  void shouldStopAtOnceWhenTheInputTopicIsGone() {
    assertThat(restarts.handle(new RuntimeException(new MissingSourceTopicException("gone"))))
        .isEqualTo(SHUTDOWN_CLIENT);
  }
}
