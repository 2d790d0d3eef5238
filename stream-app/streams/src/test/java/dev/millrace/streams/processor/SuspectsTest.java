package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.header;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Deferral.Cause;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.Decoded;
import dev.millrace.records.RecordHeaderNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which documents are taken for the cause when processes end, and which are not. */
class SuspectsTest {
  @TempDir private Path stateDir;
  private @Nullable ProcessorHarness opened;

  private ProcessorHarness open() {
    ProcessorHarness harness =
        new ProcessorHarness(stateDir, options(Ordering.PARTITION), new Permits(1000, 1 << 20));
    opened = harness;
    return harness;
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  /** Kills the process; gives what the next one submits. */
  private static List<String> kill(ProcessorHarness app) {
    app.enricher.submissions.clear();
    app.restart();
    // A suspect is marked at the look at which others are submitted, and submitted at the next.
    app.tick();
    return app.enricher.texts();
  }

  private static void finish(ProcessorHarness app, String text) {
    app.enricher.enrich(text);
    // One look for the answer, one to mark the next, one to submit it.
    app.tick();
    app.tick();
    app.tick();
  }

  @Test
  void shouldSubmitTogetherAfterTheFirstEnd() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.send("k", "b");

    assertThat(kill(app)).containsExactly("a", "b");
    assertThat(app.restarts(0).count()).isEqualTo(1);
    assertThat(app.restarts(1).count()).isEqualTo(1);
    assertThat(app.events.suspected).isEmpty();
  }

  @Test
  void shouldWriteTheCountBeforeItSubmits() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.enricher.submissions.clear();
    app.restart();
    int submitted = app.enricher.submissions.size();

    assertThat(app.looks()).as("one look to count, one to submit").isEqualTo(2);
    assertThat(submitted).isEqualTo(1);
  }

  @Test
  void shouldSubmitOneAfterTheOtherAfterTheSecondEnd() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.send("k", "b");
    kill(app);
    kill(app);

    assertThat(app.enricher.texts()).containsExactly("a");
    assertThat(app.restarts(0).alone()).isTrue();
    assertThat(app.restarts(1).alone()).isFalse();
    finish(app, "a");
    app.send("k", "new");
    app.tick();
    app.tick();
    assertThat(app.enricher.texts()).containsExactly("a", "b");
    finish(app, "b");
    assertThat(app.enricher.texts()).containsExactly("a", "b", "new");
    finish(app, "new");

    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of a", "summary of b", "summary of new");
    assertThat(app.events.suspected).containsExactly("documents-0-0 2", "documents-0-1 2");
    assertThat(app.read(TOPICS.outputs().deadLetter())).isEmpty();
  }

  @Test
  void shouldRejectTheOneThatEndsTheProcessAndKeepTheOthers() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.send("k", "poison");
    app.send("k", "c");
    kill(app);
    kill(app);
    finish(app, "a");
    assertThat(app.enricher.texts()).containsExactly("a", "poison");

    assertThat(kill(app)).doesNotContain("poison");
    app.tick();

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(app.letterText()).isEqualTo("poison");
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("PROCESS_ENDED");
    assertThat(header(dead, RecordHeaderNames.MESSAGE)).contains("3 processes ended");
    assertThat(app.enricher.texts()).as("it waited its turn").containsExactly("c");
    assertThat(app.restarts(2).count()).isEqualTo(2);
    finish(app, "c");
    app.send("k", "d");
    finish(app, "d");
    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of c", "summary of d");
    assertThat(app.stored()).isZero();
    assertThat(app.events.rejections).containsExactly(RejectReason.PROCESS_ENDED);
  }

  @Test
  void shouldNotCountAStreamTaskThatComesBackToTheSameProcess() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.send("k", "b");
    for (int i = 0; i < 10; i++) {
      app.enricher.submissions.clear();
      app.reopen();
      assertThat(app.enricher.texts()).containsExactly("a", "b");
    }

    assertThat(app.restarts(0).count()).isZero();
  }

  @Test
  void shouldNotCountADocumentThatOnlyLayOnDisk() {
    ProcessorHarness app = open();
    for (int i = 0; i < 10; i++) {
      app.send("k", "d" + i);
    }
    kill(app);

    assertThat(app.restarts(7).count()).isEqualTo(1);
    assertThat(app.restarts(8).count()).isZero();
  }

  @Test
  void shouldPardonTheOneInFlightWhenTheProcessEndsInGoodOrder() {
    ProcessorHarness app = open();
    app.send("k", "a");
    kill(app);
    kill(app);
    app.tick();
    assertThat(app.restarts(0).alone()).isTrue();

    app.gate.drain();
    app.tick();
    for (int i = 0; i < 5; i++) {
      kill(app);
      app.gate.drain();
      app.tick();
    }

    assertThat(app.restarts(0).count()).isEqualTo(2);
    assertThat(app.read(TOPICS.outputs().deadLetter())).isEmpty();
  }

  @Test
  void shouldCountAgainstADocumentThatTookTheEngineAway() {
    ProcessorHarness app = open();
    app.send("k", "a");
    kill(app);
    kill(app);
    app.tick();
    app.enricher.defer("a", Cause.ENGINE_LOST);
    app.tick();
    app.gate.drain();
    app.tick();

    kill(app);
    app.tick();

    assertThat(app.events.rejections).containsExactly(RejectReason.PROCESS_ENDED);
  }

  @Test
  void shouldKeepTheEngineForASuspectThatHasToBeTriedAgain() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.send("k", "b");
    kill(app);
    app.undecodable.put("a", Decoded.unavailable("refused"));
    kill(app);
    app.tick();
    app.advance(Duration.ofMinutes(1));
    assertThat(app.enricher.texts()).isEmpty();

    app.undecodable.clear();
    app.advance(Duration.ofMinutes(1));
    app.advance(Duration.ofMinutes(1));
    assertThat(app.enricher.texts()).containsExactly("a");
    finish(app, "a");
    finish(app, "b");

    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of a", "summary of b");
  }

  /** The harness starts a task without what was not committed: here, what came without a look. */
  @Test
  void shouldCommitADocumentBeforeItIsSubmittedAtTheStart() {
    ProcessorHarness app =
        new ProcessorHarness(
            stateDir, options(Ordering.NONE, Duration.ofMinutes(1)), new Permits(10, 1000));
    opened = app;
    app.send("k", "a");
    assertThat(app.enricher.texts()).as("on arrival").isEmpty();
    app.tick();
    assertThat(app.enricher.texts()).as("at the look that requests the commit").isEmpty();
    app.send("k", "b");
    app.tick();
    assertThat(app.enricher.texts()).as("b is not committed yet").containsExactly("a");
    for (int i = 0; i < 12; i++) {
      app.tick();
    }
    assertThat(app.enricher.texts()).containsExactly("a", "b");

    app.advance(Duration.ofMinutes(1));
    app.enricher.enrichAll();
    app.tick();
    app.send("k", "c");
    assertThat(app.enricher.texts()).as("on arrival").containsExactly("a", "b", "c");
  }

  @Test
  void shouldGiveTheEngineBackWhenTheTaskIsTakenAway() {
    Permits permits = new Permits(10, 1000);
    ProcessorHarness app = new ProcessorHarness(stateDir, options(Ordering.NONE), permits);
    opened = app;
    app.send("k", "a");
    kill(app);
    kill(app);
    app.tick();
    assertThat(permits.documentsHeld()).isEqualTo(1);

    app.close();
    opened = null;

    assertThat(permits.documentsHeld()).isZero();
    assertThat(permits.tryAcquire(1)).isTrue();
  }
}
