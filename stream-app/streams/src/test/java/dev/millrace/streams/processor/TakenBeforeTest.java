package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.bytes;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static dev.millrace.streams.processor.ProcessorHarness.text;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was taken before is not taken again, and not from another topic of the same name. */
class TakenBeforeTest {
  @TempDir private Path stateDir;
  private @Nullable ProcessorHarness opened;

  private ProcessorHarness open(ProcessorOptions options, Permits permits) {
    ProcessorHarness harness = new ProcessorHarness(stateDir, options, permits);
    opened = harness;
    return harness;
  }

  private ProcessorHarness open(ProcessorOptions options) {
    return open(options, new Permits(1000, 1 << 20));
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  /** Committed offsets expire when nothing runs for some days: the input begins again. */
  @Test
  void shouldSkipWhatWasTakenWhenTheCommittedOffsetsAreGone() {
    ProcessorHarness app = open(options());
    for (String text : List.of("a", "b", "c", "d")) {
      app.send("k", text);
    }
    app.enricher.enrich("b");
    app.enricher.enrich("d");
    app.tick();
    assertThat(app.values(TOPICS.outputs().enriched())).hasSize(2);

    app.restartFromTheBeginning();
    for (String text : List.of("a", "b", "c", "d", "e")) {
      app.send("k", text);
    }
    for (String text : List.of("a", "c", "e")) {
      app.enricher.enrich(text);
    }
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of a", "summary of c", "summary of e");
    assertThat(app.events.skipped).containsExactly("0 of 4", "1 of 4", "2 of 4", "3 of 4");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldSkipWhatWasRejectedOnArrival() {
    ProcessorHarness app = open(options());
    app.send(new TestRecord<>(bytes("k"), null));
    app.tick();
    assertThat(app.letters).hasSize(1);

    app.restartFromTheBeginning();
    app.send(new TestRecord<>(bytes("k"), null));

    assertThat(app.letters).hasSize(1);
    assertThat(app.events.skipped).containsExactly("0 of 1");
  }

  @Test
  void shouldEnrichAgainWhatWasTakenIfToldSo() {
    ProcessorHarness app = open(options());
    app.intake = new Intake(Taken.AGAIN);
    app.restart();
    app.send("k", "a");
    app.enricher.enrich("a");
    app.tick();
    assertThat(app.values(TOPICS.outputs().enriched())).hasSize(1);

    app.restartFromTheBeginning();
    app.send("k", "a");
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).hasSize(1);
    assertThat(app.events.skipped).isEmpty();
  }

  @Test
  void shouldTakeNothingFromATopicThatWasMadeAgainAndFinishWhatIsPending() {
    ProcessorHarness app = open(options());
    app.intake.seen(ProcessorHarness.DOCUMENTS, new Uuid(1, 1));
    app.send("k", "a");
    app.intake = new Intake(Taken.SKIP);
    app.intake.seen(ProcessorHarness.DOCUMENTS, new Uuid(2, 2));

    app.restartFromTheBeginning();
    app.send("k", "new a");
    app.send("k", "new b");
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.events.replaced).containsExactly(ProcessorHarness.DOCUMENTS);
    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of a");
    assertThat(app.stored()).isZero();
    assertThat(app.enricher.texts()).doesNotContain("new a", "new b");
  }

  @Test
  void shouldTellThatAnOutputTopicWasMadeAgain() {
    ProcessorHarness app = open(options());
    app.intake.seen(TOPICS.outputs().enriched(), new Uuid(1, 1));
    app.send("k", "a");
    app.intake = new Intake(Taken.SKIP);
    app.intake.seen(TOPICS.outputs().enriched(), new Uuid(2, 2));

    app.restart();

    assertThat(app.events.replaced).containsExactly(TOPICS.outputs().enriched());
  }

  /** Between two looks at the topics: then it is told from lost offsets at the first record. */
  @Test
  void shouldLookAtTheTopicBeforeItSkips() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.send("k", "b");
    app.enricher.enrich("a");
    app.enricher.enrich("b");
    app.tick();
    List<String> looks = new ArrayList<>();
    app.intake.onDoubt(() -> {
      looks.add("look");
      app.intake.close(ProcessorHarness.DOCUMENTS);
    });

    app.restartFromTheBeginning();
    for (String text : List.of("new a", "new b", "new c")) {
      app.send("k", text);
    }
    app.tick();

    assertThat(looks).hasSize(1);
    assertThat(app.events.skipped).isEmpty();
    assertThat(app.enricher.texts()).doesNotContain("new c");
  }
}
