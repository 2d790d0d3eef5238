package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.header;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Deferral.Cause;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.Decoded;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.streams.ends.ProcessEnd;
import dev.millrace.streams.processor.Restarts.Trial;
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

  private ProcessorHarness open(Ordering ordering) {
    ProcessorHarness harness =
        new ProcessorHarness(stateDir, options(ordering), new Permits(1000, 1 << 20));
    opened = harness;
    return harness;
  }

  private ProcessorHarness open() {
    return open(Ordering.NONE);
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  /** Ends the process; gives what the next one submits. */
  private static List<String> end(ProcessorHarness app, ProcessEnd how) {
    app.enricher.submissions.clear();
    app.restart(how);
    // Suspects are marked at the look at which others are submitted, and submitted at the next.
    app.tick();
    return app.enricher.texts();
  }

  private static void finish(ProcessorHarness app, String... texts) {
    List.of(texts).forEach(app.enricher::enrich);
    // One look for the answer and to mark the next, one to submit it.
    app.tick();
    app.tick();
  }

  @Test
  void shouldTryHalvesAfterACrashAndTheRestWhenTheyAreDone() {
    ProcessorHarness app = open();
    List.of("a", "b", "c", "d", "e").forEach(text -> app.send("k", text));

    assertThat(end(app, ProcessEnd.CRASHED)).containsExactly("a", "b", "c");
    app.send("k", "new");
    assertThat(app.enricher.texts()).as("beside them").containsExactly("a", "b", "c", "new");
    finish(app, "a", "b");
    assertThat(app.enricher.texts()).as("c is on trial").hasSize(4);
    finish(app, "c");
    assertThat(app.enricher.texts()).hasSize(5).endsWith("d");
    finish(app, "d");
    assertThat(app.enricher.texts()).hasSize(6).endsWith("e");
    finish(app, "e", "new");

    assertThat(app.values(TOPICS.outputs().enriched())).hasSize(6);
    assertThat(app.events.suspected).containsExactly("3 beside 2", "1 beside 1", "1 beside 0");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldTryFirstWhatWasInFlightAtMoreEnds() {
    ProcessorHarness app = open();
    List.of("a", "b", "c", "d").forEach(text -> app.send("k", text));
    assertThat(end(app, ProcessEnd.CRASHED)).containsExactly("a", "b");
    app.send("k", "beside");

    assertThat(end(app, ProcessEnd.CRASHED)).as("half of those of both ends").containsExactly("a");
    assertThat(app.restarts(0)).isEqualTo(new Restarts(2, 0, 0, Trial.ALONE, List.of(3L)));
    assertThat(app.restarts(2).crashes()).as("it waited").isEqualTo(1);
    assertThat(app.restarts(4).crashes()).as("it was beside them").isEqualTo(1);
    finish(app, "a");
    assertThat(app.enricher.texts()).endsWith("b");
    finish(app, "b");
    assertThat(app.enricher.texts()).as("half of those of one").endsWith("c", "d");
    finish(app, "c", "d");
    assertThat(app.enricher.texts()).endsWith("beside");
  }

  @Test
  void shouldRejectTheOneThatCrashesTheProcessAloneAndKeepTheOthers() {
    ProcessorHarness app = open(Ordering.PARTITION);
    List.of("a", "poison", "c").forEach(text -> app.send("k", text));
    assertThat(end(app, ProcessEnd.CRASHED)).containsExactly("a", "poison");
    assertThat(end(app, ProcessEnd.CRASHED)).containsExactly("a");
    app.send("k", "new");
    assertThat(app.enricher.texts()).as("a is alone").containsExactly("a");
    finish(app, "a");
    assertThat(app.enricher.texts()).as("the next one waits for it").containsExactly("a", "new");
    app.enricher.enrich("new");
    app.tick();
    app.tick();
    assertThat(app.enricher.texts()).containsExactly("a", "new", "poison");

    assertThat(end(app, ProcessEnd.CRASHED)).doesNotContain("poison");
    finish(app, "c");
    finish(app, "new");

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(app.letterText()).isEqualTo("poison");
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("PROCESS_ENDED");
    assertThat(header(dead, RecordHeaderNames.MESSAGE))
        .contains("3 processes crashed and 0 ended without a trace");
    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of c", "summary of new");
    assertThat(app.stored()).isZero();
    assertThat(app.events.rejections).containsExactly(RejectReason.PROCESS_ENDED);
  }

  @Test
  void shouldSubmitTogetherAgainAfterKills() {
    ProcessorHarness app = open();
    List.of("a", "b", "c", "d").forEach(text -> app.send("k", text));

    assertThat(end(app, ProcessEnd.UNEXPLAINED)).containsExactly("a", "b", "c", "d");
    assertThat(end(app, ProcessEnd.UNEXPLAINED)).containsExactly("a", "b", "c", "d");
    assertThat(app.restarts(3).unexplained()).isEqualTo(2);
    assertThat(app.events.suspected).isEmpty();
    assertThat(end(app, ProcessEnd.UNEXPLAINED)).containsExactly("a", "b");
  }

  @Test
  void shouldTryTheRestAtOnceWhereThereWasNoCrash() {
    ProcessorHarness app = open();
    List.of("a", "b", "c", "d", "e", "f", "g", "h").forEach(text -> app.send("k", text));
    end(app, ProcessEnd.UNEXPLAINED);
    end(app, ProcessEnd.UNEXPLAINED);

    assertThat(end(app, ProcessEnd.UNEXPLAINED)).containsExactly("a", "b", "c", "d");
    finish(app, "a", "b", "c", "d");
    assertThat(app.enricher.texts()).hasSize(8).endsWith("e", "f", "g", "h");
    assertThat(end(app, ProcessEnd.UNEXPLAINED)).containsExactly("e", "f");
  }

  @Test
  void shouldCondemnNobodyForKillsThatDoNotFindItAlone() {
    ProcessorHarness app = open();
    for (int i = 0; i < 8; i++) {
      app.send("k", "d" + i);
    }
    for (int i = 0; i < 5; i++) {
      end(app, ProcessEnd.UNEXPLAINED);
    }
    for (int i = 0; i < 20; i++) {
      app.enricher.enrichAll();
      app.tick();
    }

    assertThat(app.values(TOPICS.outputs().enriched())).hasSize(8);
    assertThat(app.events.rejections).isEmpty();
  }

  @Test
  void shouldRejectWhatEndsTheProcessWithoutATraceAgainAndAgainWhenAlone() {
    ProcessorHarness app = open();
    app.send("k", "poison");
    for (int i = 0; i < 5; i++) {
      assertThat(end(app, ProcessEnd.UNEXPLAINED)).as("end %d", i).containsExactly("poison");
    }
    assertThat(app.restarts(0)).isEqualTo(new Restarts(0, 5, 2, Trial.ALONE, List.of(6L)));

    assertThat(end(app, ProcessEnd.UNEXPLAINED)).isEmpty();
    assertThat(app.events.rejections).containsExactly(RejectReason.PROCESS_ENDED);
  }

  /** Two instances: one stays, the other joins and leaves. Nobody dies. */
  @Test
  void shouldCountNothingWhenAStreamTaskMoves() {
    ProcessorHarness app = open();
    List.of("a", "b").forEach(text -> app.send("k", text));
    for (int other = 101; other < 111; other++) {
      app.enricher.submissions.clear();
      app.moveTo(other);
      assertThat(app.enricher.texts()).containsExactly("a", "b");
      app.gate.drain();
      app.tick();
      app.enricher.submissions.clear();
      app.moveTo(1);
      assertThat(app.enricher.texts()).containsExactly("a", "b");
    }

    assertThat(app.restarts(0)).isEqualTo(Restarts.none(1));
    assertThat(app.events.suspected).isEmpty();
  }

  @Test
  void shouldNotCountAStreamTaskThatComesBackToTheSameProcess() {
    ProcessorHarness app = open();
    List.of("a", "b").forEach(text -> app.send("k", text));
    for (int i = 0; i < 10; i++) {
      app.enricher.submissions.clear();
      app.reopen();
      assertThat(app.enricher.texts()).containsExactly("a", "b");
    }

    assertThat(app.restarts(0)).isEqualTo(Restarts.none(1));
  }

  @Test
  void shouldNotCountADocumentThatOnlyLayOnDisk() {
    ProcessorHarness app = open();
    for (int i = 0; i < 10; i++) {
      app.send("k", "d" + i);
    }
    end(app, ProcessEnd.CRASHED);

    assertThat(app.restarts(7).count()).isEqualTo(1);
    assertThat(app.restarts(8).count()).isZero();
    assertThat(app.enricher.texts())
        .as("half of the suspects, and what is none")
        .containsExactlyInAnyOrder("d0", "d1", "d2", "d3", "d8", "d9");
  }

  @Test
  void shouldWriteTheCountAndTheMarkBeforeItSubmits() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.enricher.submissions.clear();
    app.restart(ProcessEnd.UNEXPLAINED);
    assertThat(app.looks()).as("one look to count, one to submit").isEqualTo(2);
    assertThat(app.enricher.submissions).hasSize(1);

    app.enricher.submissions.clear();
    app.restart(ProcessEnd.CRASHED);
    assertThat(app.enricher.submissions).as("marked only").isEmpty();
    assertThat(app.restarts(0).trial()).isEqualTo(Trial.ALONE);
    app.tick();
    assertThat(app.enricher.submissions).hasSize(1);
  }

  @Test
  void shouldPardonAllInFlightWhenTheProcessEndsInGoodOrder() {
    ProcessorHarness app = open();
    List.of("a", "b", "c").forEach(text -> app.send("k", text));
    end(app, ProcessEnd.CRASHED);
    assertThat(app.restarts(0).trial()).isEqualTo(Trial.GROUP);

    for (int i = 0; i < 5; i++) {
      app.gate.drain();
      app.tick();
      assertThat(app.restarts(0)).isEqualTo(new Restarts(1, 0, 0, Trial.NONE, List.of()));
      // Not known to the next process, which is another instance perhaps.
      end(app, ProcessEnd.UNKNOWN);
    }

    assertThat(app.restarts(0).count()).isEqualTo(1);
    assertThat(app.read(TOPICS.outputs().deadLetter())).isEmpty();
  }

  @Test
  void shouldSayThatItCrashesWhenTheEngineIsLost() {
    ProcessorHarness app = open();
    app.send("k", "a");
    end(app, ProcessEnd.CRASHED);
    end(app, ProcessEnd.CRASHED);
    app.enricher.defer("a", Cause.ENGINE_LOST);
    app.tick();
    assertThat(app.crashing).containsExactly("the engine is lost");
    app.gate.drain();
    app.tick();
    assertThat(app.restarts(0).trial()).as("not pardoned").isEqualTo(Trial.ALONE);

    end(app, ProcessEnd.CRASHED);

    assertThat(app.events.rejections).containsExactly(RejectReason.PROCESS_ENDED);
  }

  @Test
  void shouldKeepTheEngineForASuspectThatHasToBeTriedAgain() {
    ProcessorHarness app = open(Ordering.PARTITION);
    List.of("a", "b").forEach(text -> app.send("k", text));
    end(app, ProcessEnd.CRASHED);
    app.undecodable.put("a", Decoded.unavailable("refused"));
    end(app, ProcessEnd.CRASHED);
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

  /** By order, all that is in memory waits for the suspect: it must not wait for a place. */
  @Test
  void shouldTryASuspectAlthoughMemoryIsFull() {
    ProcessorHarness app = open(Ordering.PARTITION);
    app.send("k", "first");
    end(app, ProcessEnd.CRASHED);
    List<String> behind = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i");
    behind.forEach(text -> app.send("k", text));
    assertThat(end(app, ProcessEnd.IN_ORDER))
        .containsExactly("a", "b", "c", "d", "e", "f", "g", "h", "first");
    behind.subList(0, 8).forEach(app.enricher::enrich);
    app.tick();
    assertThat(app.values(TOPICS.outputs().enriched())).isEmpty();

    finish(app, "first");
    finish(app, "i");

    assertThat(app.values(TOPICS.outputs().enriched()))
        .hasSize(10)
        .startsWith("summary of first", "summary of a")
        .endsWith("summary of i");
  }

  @Test
  void shouldGiveTheEngineBackWhenTheTaskIsTakenAway() {
    Permits permits = new Permits(10, 1000);
    ProcessorHarness app = new ProcessorHarness(stateDir, options(Ordering.NONE), permits);
    opened = app;
    app.send("k", "a");
    end(app, ProcessEnd.CRASHED);
    end(app, ProcessEnd.CRASHED);
    assertThat(permits.documentsHeld()).isEqualTo(1);

    app.close();
    opened = null;

    assertThat(permits.documentsHeld()).isZero();
    assertThat(permits.tryAcquire(1)).isTrue();
  }
}
