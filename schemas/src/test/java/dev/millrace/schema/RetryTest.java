package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schema.RegistryException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryTest {

  private long nanos;
  private int attempts;
  private final List<Duration> pauses = new ArrayList<>();

  private Retry retry(Duration patience) {
    return new Retry(
        patience,
        () -> nanos,
        pause -> {
          pauses.add(pause);
          nanos += pause.toNanos();
        },
        new Random(1));
  }

  private int failing(int times, Kind kind) {
    attempts++;
    nanos += Duration.ofMillis(1).toNanos();
    if (attempts <= times) {
      throw new RegistryException(kind, 503, "attempt " + attempts, null);
    }
    return attempts;
  }

  @Test
  void shouldTryAgainUntilItWorks() {
    assertThat(retry(Duration.ofSeconds(10)).call(() -> failing(4, Kind.UNAVAILABLE))).isEqualTo(5);

    assertThat(pauses).hasSize(4);
    assertThat(pauses.getFirst()).isBetween(Duration.ofMillis(25), Duration.ofMillis(50));
    assertThat(pauses.getLast()).isBetween(Duration.ofMillis(84), Duration.ofMillis(169));
  }

  @Test
  void shouldNotTryAgainWhatCannotGetBetter() {
    for (Kind kind : List.of(Kind.FORBIDDEN, Kind.INCOMPATIBLE, Kind.UNKNOWN, Kind.REFUSED)) {
      attempts = 0;
      assertThatThrownBy(() -> retry(Duration.ofSeconds(10)).call(() -> failing(100, kind)))
          .hasMessage("attempt 1");
    }
    assertThat(pauses).isEmpty();
  }

  @Test
  void shouldGiveUpInTime() {
    assertThatThrownBy(
            () -> retry(Duration.ofSeconds(10)).call(() -> failing(1000, Kind.UNAVAILABLE)))
        .isInstanceOf(RegistryException.class);

    assertThat(Duration.ofNanos(nanos)).isBetween(Duration.ofSeconds(7), Duration.ofSeconds(10));
    assertThat(pauses).allMatch(pause -> pause.compareTo(Duration.ofSeconds(2)) <= 0);
  }

  @Test
  void shouldTryOnceWithoutPatience() {
    assertThatThrownBy(() -> retry(Duration.ZERO).call(() -> failing(1, Kind.UNAVAILABLE)))
        .hasMessage("attempt 1");
  }

  @Test
  void shouldStopAndKeepTheInterrupt() {
    Retry retry =
        new Retry(
            Duration.ofSeconds(10),
            () -> nanos,
            pause -> {
              throw new InterruptedException();
            },
            new Random(1));

    assertThatThrownBy(() -> retry.call(() -> failing(9, Kind.UNAVAILABLE)))
        .hasMessage("attempt 1");
    assertThat(Thread.interrupted()).isTrue();
  }
}
