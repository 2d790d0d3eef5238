package dev.millrace.streams.topology;

import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.REPLACE_THREAD;
import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.UnwritableException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.junit.jupiter.api.Test;

class ThreadRestartsTest {
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger asked = new AtomicInteger();
  private boolean changed;
  private final ThreadRestarts restarts =
      new ThreadRestarts(2, Duration.ofMinutes(1), nanos::get, this::ask);

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

  private boolean ask() {
    asked.incrementAndGet();
    return changed;
  }

  @Test
  void shouldNotCountDeathsForSettingsThatHaveChanged() {
    RuntimeException refused = new RuntimeException(new RecordTooLargeException("too large"));
    changed = true;
    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    changed = false;
    for (int thread = 0; thread < 10; thread++) {
      assertThat(restarts.handle(refused)).as("another thread").isEqualTo(REPLACE_THREAD);
    }

    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(refused)).as("for no known reason").isEqualTo(SHUTDOWN_CLIENT);
  }

  @Test
  void shouldStopAtOnceWhenNotEvenADeadLetterCanBeWritten() {
    assertThat(restarts.handle(new RuntimeException(new UnwritableException("too small"))))
        .isEqualTo(SHUTDOWN_CLIENT);
  }

  @Test
  void shouldStopAtOnceWhenTheInputTopicIsGone() {
    assertThat(restarts.handle(new RuntimeException(new MissingSourceTopicException("gone"))))
        .isEqualTo(SHUTDOWN_CLIENT);
  }
}
