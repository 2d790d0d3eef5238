package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.CHANGELOG;
import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Deferral.Cause;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.DeadLetter;
import dev.millrace.records.UnwritableException;
import dev.millrace.streams.ends.ProcessEnd;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Topics that take less than they did, or than is configured: no record of ours is refused. */
class SmallTopicsTest {
  private static final String LONG = "x".repeat(1900);

  @TempDir private Path stateDir;
  private ProcessorHarness app;

  @BeforeEach
  void open() {
    app = new ProcessorHarness(stateDir, options(), new Permits(1000, 1 << 20));
  }

  @AfterEach
  void close() {
    app.close();
  }

  private void lower(String topic, long bytes) {
    assertThat(app.sizes.update(Map.of(topic, bytes))).isTrue();
  }

  @Test
  void shouldRejectWhatIsPendingAndCannotBeWrittenAgain() {
    app.send("k", LONG);
    app.send("k", "short");
    lower(CHANGELOG, 2000);

    app.restart(ProcessEnd.IN_ORDER);
    app.tick();
    app.enricher.enrich("short");
    app.tick();

    DeadLetter letter = app.letters.getLast();
    assertThat(letter.reason()).isEqualTo(RejectReason.TOO_LARGE);
    assertThat(letter.message()).contains("more than its topic takes now");
    assertThat(letter.truncated()).isTrue();
    assertThat(letter.valueLength()).isEqualTo(1900);
    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of short");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldRefuseWhatCannotBeStored() {
    lower(CHANGELOG, 2000);
    app.send("k", LONG);

    assertThat(app.letters.getLast().reason()).isEqualTo(RejectReason.TOO_LARGE);
    assertThat(app.letters.getLast().message()).contains("takes 2000");
    assertThat(app.letters.getLast().truncated()).as("the dead letter fits").isFalse();
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldRejectAnOutcomeThatItsTopicDoesNotTake() {
    app.send("k", LONG);
    lower(TOPICS.outputs().enriched(), 1000);
    app.enricher.enrich(LONG);
    app.tick();

    assertThat(app.letters.getLast().reason()).isEqualTo(RejectReason.OUTCOME_TOO_LARGE);
    assertThat(app.letters.getLast().message()).contains("the topic takes 1000");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldCutADeadLetterToWhatItsTopicTakes() {
    lower(TOPICS.outputs().deadLetter(), 1500);
    app.send("k", "x".repeat(2001));

    assertThat(app.read(TOPICS.outputs().deadLetter())).hasSize(1);
    assertThat(app.letters.getLast().truncated()).isTrue();
    assertThat(app.letters.getLast().valueLength()).isEqualTo(2001);
  }

  @Test
  void shouldStopWithAClearMessageIfNotEvenThatCanBeWritten() {
    lower(TOPICS.outputs().deadLetter(), 200);

    assertThatThrownBy(() -> app.send("k", "x".repeat(2001)))
        .hasRootCauseInstanceOf(UnwritableException.class)
        .rootCause()
        .hasMessageContaining("cannot write the dead letter of document documents-0-0")
        .hasMessageContaining("topic dead-letters takes 200; raise max.message.bytes");
  }

  @Test
  void shouldRejectWhatMissesItsDeadlineAndCannotBeCounted() {
    app.send("k", LONG);
    lower(CHANGELOG, 2000);
    app.enricher.defer(LONG, Cause.DEADLINE);
    app.tick();
    app.advance(Duration.ofMinutes(1));

    assertThat(app.letters.getLast().reason()).isEqualTo(RejectReason.DEADLINE);
    assertThat(app.stored()).isZero();
  }
}
