package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.bytes;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.DeadLetter;
import dev.millrace.streams.ends.ProcessEnd;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where outcomes keep an order, dead letters keep it, too, whatever they are for. */
class OrderedRejectionsTest {
  private static final String LARGE = "x".repeat(2001);

  @TempDir private Path stateDir;
  private @Nullable ProcessorHarness opened;

  private ProcessorHarness open(Ordering ordering) {
    ProcessorHarness harness =
        new ProcessorHarness(stateDir, options(ordering), new Permits(1000, 1 << 20));
    opened = harness;
    return harness;
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private static void sendNull(ProcessorHarness app, String key) {
    app.send(new TestRecord<>(bytes(key), null, new RecordHeaders(), Instant.ofEpochMilli(77)));
  }

  @Test
  void shouldHoldRefusalsBackUntilThoseBeforeThemAreOut() {
    ProcessorHarness app = open(Ordering.PARTITION);
    app.send("k", "a");
    app.send("k", LARGE);
    sendNull(app, "k");
    app.send("k", "b");
    app.tick();
    assertThat(app.forwarded).isEmpty();

    app.enricher.enrich("b");
    app.tick();
    assertThat(app.forwarded).isEmpty();
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.forwarded)
        .containsExactly(
            "0 enriched-documents", "1 dead-letters", "2 dead-letters", "3 enriched-documents");
    assertThat(app.letters).extracting(DeadLetter::valueLength).containsExactly(2001L, 0L);
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldForwardARefusalAtOnceWhereNothingIsBeforeIt() {
    ProcessorHarness app = open(Ordering.KEY);
    app.send("k", "a");
    sendNull(app, "other");
    assertThat(app.forwarded).as("another key").containsExactly("1 dead-letters");
    app.enricher.enrich("a");
    app.tick();
    app.send("k", LARGE);

    assertThat(app.forwarded)
        .containsExactly("1 dead-letters", "0 enriched-documents", "2 dead-letters");
  }

  @Test
  void shouldForwardRefusalsAtOnceWithoutAnOrder() {
    ProcessorHarness app = open(Ordering.NONE);
    app.send("k", "a");
    app.send("k", LARGE);

    assertThat(app.forwarded).containsExactly("1 dead-letters");
  }

  @Test
  void shouldKeepARefusalThatWaitsWhenTheProcessEnds() {
    ProcessorHarness app = open(Ordering.KEY);
    app.send("k", "a");
    app.send("k", LARGE);
    app.send("other", "b");
    app.restart(ProcessEnd.CRASHED);
    app.tick();
    app.restart(ProcessEnd.UNEXPLAINED);
    app.tick();
    app.tick();
    assertThat(app.forwarded).isEmpty();

    app.enricher.enrich("a");
    app.tick();
    app.tick();

    assertThat(app.forwarded).containsExactly("0 enriched-documents", "1 dead-letters");
    DeadLetter letter = app.letters.getFirst();
    assertThat(letter.truncated()).as("it fits").isFalse();
    assertThat(letter.value()).hasSize(2001);
    assertThat(app.events.rejections).hasSize(1);
  }

  @Test
  void shouldHoldACondemnedDocumentBackUntilThoseBeforeItAreOut() {
    ProcessorHarness app = open(Ordering.PARTITION);
    app.send("k", "poison");
    for (int i = 0; i < 2; i++) {
      app.restart(ProcessEnd.CRASHED);
      app.tick();
    }
    app.send("k", "after");
    app.restart(ProcessEnd.CRASHED);
    app.tick();
    app.enricher.enrich("after");
    app.tick();

    assertThat(app.forwarded).containsExactly("0 dead-letters", "1 enriched-documents");
  }

  /** 200 records, a third of them refused: in the order of their keys, or of the partition. */
  @Test
  void shouldKeepTheOrderOfManyWhateverBecomesOfThem() throws Exception {
    for (Ordering ordering : List.of(Ordering.KEY, Ordering.PARTITION)) {
      long seed = 20261130;
      Random random = new Random(seed);
      ProcessorHarness app =
          new ProcessorHarness(
              stateDir.resolve(ordering.name()), options(ordering), new Permits(1000, 1 << 20));
      try (app) {
        List<FakeEnricher.Submission> open = new ArrayList<>();
        int sent = 0;
        while (sent < 200 || app.stored() > 0) {
          if (sent < 200) {
            String key = "k" + sent % 5;
            switch (random.nextInt(6)) {
              case 0 -> app.send(key, LARGE);
              case 1 -> sendNull(app, key);
              default -> app.send(key, "d" + sent);
            }
            sent++;
          }
          if (random.nextInt(60) == 0) {
            open.clear();
            app.enricher.submissions.clear();
            app.restart(ProcessEnd.IN_ORDER);
          }
          open.addAll(app.enricher.submissions);
          app.enricher.submissions.clear();
          Collections.shuffle(open, random);
          if (!open.isEmpty() && random.nextInt(3) > 0) {
            FakeEnricher.Submission next = open.removeFirst();
            next.listener()
                .onOutcome(
                    new dev.millrace.enrichment.Outcome.Enriched(
                        FakeEnricher.Enrichments.of(next.document(), next.attempt())));
          }
          app.tick();
        }

        assertThat(app.forwarded).as("seed %d", seed).hasSize(200);
        for (int lane = 0; lane < (ordering == Ordering.KEY ? 5 : 1); lane++) {
          int mine = lane;
          List<Integer> offsets =
              app.forwarded.stream()
                  .map(line -> Integer.parseInt(line.substring(0, line.indexOf(' '))))
                  .filter(offset -> ordering == Ordering.PARTITION || offset % 5 == mine)
                  .toList();
          assertThat(offsets).as("%s, seed %d", ordering, seed).isSorted();
        }
      }
    }
  }
}
