package dev.millrace.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.SourcePosition;
import dev.millrace.streams.processor.ProcessorMonitor.Load;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ApplicationHealthTest {
  private final AtomicLong nanos = new AtomicLong(5);
  private final AtomicInteger lost = new AtomicInteger();
  private List<String> others = List.of();
  private final ApplicationHealth health =
      new ApplicationHealth(Duration.ofMinutes(1), nanos::get, () -> others, lost::incrementAndGet);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void shouldBeWellWhenIdleForLong() {
    pass(Duration.ofHours(5));

    assertThat(health.live().isOk()).isTrue();
    assertThat(health.ready().isOk()).isTrue();
  }

  @Test
  void shouldBeUnreadyWhenNothingComesOutWhileDocumentsArePending() {
    pass(Duration.ofHours(5));
    health.load("0_0", new Load(3, 0, 3, 0, 0, 1));
    assertThat(health.ready().isOk()).isTrue();
    pass(Duration.ofSeconds(61));
    health.load("0_0", new Load(4, 0, 4, 0, 0, 1));

    assertThat(health.ready().problems()).singleElement().asString().contains("4 documents");
    health.rejected(RejectReason.TOO_LONG, 1);
    assertThat(health.ready().isOk()).isTrue();
    assertThat(health.live().isOk()).isTrue();
  }

  @Test
  void shouldBeUnreadyWhileTheRegistryIsAway() {
    health.load("0_0", new Load(9, 0, 9, 0, 4, 1));
    health.load("0_1", new Load(9, 0, 9, 0, 2, 1));
    assertThat(health.ready().problems())
        .containsExactly("the schema registry does not answer: 6 documents wait for it");
    assertThat(health.live().isOk()).isTrue();

    health.load("0_0", new Load(9, 0, 9, 0, 0, 1));
    health.taskClosed("0_1");
    assertThat(health.ready().isOk()).isTrue();
  }

  @Test
  void shouldAskForARestartWhenTheEngineIsLost() {
    health.retry(Deferral.Cause.ENGINE_LOST, "device");
    health.retry(Deferral.Cause.ENGINE_LOST, "device");

    assertThat(health.live().isOk()).isFalse();
    assertThat(health.ready().isOk()).isFalse();
    assertThat(lost).hasValue(1);
  }

  @Test
  void shouldBeUnreadyUntilTheStreamsRun() {
    others = List.of("the streams are REBALANCING", "no broker answers");

    assertThat(health.ready().problems()).isEqualTo(others);
    assertThat(health.live().isOk()).isTrue();
  }

  @Test
  void shouldForgetATaskThatLeft() {
    health.load("0_0", new Load(3, 0, 3, 0, 0, 1));
    health.taskClosed("0_0");

    assertThat(health.pending()).isZero();
  }

  @Test
  void shouldAskForARestartWhenTheStreamsHaveEnded() {
    health.broken("cannot load native code");
    health.broken("the streams have ended");

    assertThat(health.live().problems()).containsExactly("cannot load native code");
    assertThat(health.ready().problems()).containsExactly("cannot load native code");
  }

  @Test
  void shouldNoteWhatWasSkipped() {
    for (int offset = 0; offset < 3; offset++) {
      health.takenBefore(new SourcePosition("documents", 1, offset), 40);
    }

    assertThat(health.ready().isOk()).isTrue();
    assertThat(health.notes())
        .singleElement()
        .asString()
        .contains("3 documents of partition documents-1", "processing.taken");
  }
}
