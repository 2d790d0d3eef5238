package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.header;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static dev.millrace.streams.processor.ProcessorHarness.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.RecordHeaderNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An input of several topics: one stream task reads a partition of each. */
class PatternInputTest {
  private static final String PATTERN = "[a-z]-documents";
  private static final String A = "a-documents";
  private static final String B = "b-documents";

  @TempDir private Path stateDir;
  private @Nullable ProcessorHarness opened;

  private ProcessorHarness open(Ordering ordering, Duration carefulStart) {
    ProcessorHarness harness =
        new ProcessorHarness(
            stateDir, options(PATTERN, ordering, carefulStart), new Permits(1000, 1 << 20));
    opened = harness;
    return harness;
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private static List<String> enriched(ProcessorHarness app) {
    return app.values(TOPICS.outputs().enriched());
  }

  @Test
  void shouldKeepDocumentsOfTheSamePartitionAndOffsetApart() {
    ProcessorHarness app = open(Ordering.NONE, Duration.ZERO);
    app.sendTo(A, "k", "one");
    app.sendTo(B, "k", "two");

    assertThat(app.stored()).isEqualTo(2);
    app.enricher.enrich("two");
    app.enricher.enrich("one");
    app.tick();

    List<TestRecord<byte[], byte[]>> out = app.read(TOPICS.outputs().enriched());
    assertThat(out)
        .extracting(record -> text(record.value()))
        .containsExactly("summary of two", "summary of one");
    assertThat(out)
        .extracting(record -> header(record, RecordHeaderNames.SOURCE_TOPIC))
        .containsExactly(B, A);
    assertThat(app.stored()).isZero();
  }

  /** Offsets of topics say nothing about each other: a low one may come last. */
  @Test
  void shouldTakeADocumentThatArrivesBehindHigherOffsetsOfAnotherTopic() {
    ProcessorHarness app = open(Ordering.NONE, Duration.ZERO);
    for (int i = 0; i < 12; i++) {
      app.sendTo(B, "k", "b" + i);
    }
    app.sendTo(A, "k", "a0");
    assertThat(app.enricher.texts()).as("eight in flight").hasSize(8);

    assertThat(enrichAll(app, 13)).hasSize(13).contains("summary of a0", "summary of b11");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldLetALongTopicHoldUpNoOther() {
    ProcessorHarness app = open(Ordering.NONE, Duration.ZERO);
    for (int i = 0; i < 60; i++) {
      app.sendTo(A, "k", "a" + i);
    }
    app.sendTo(B, "k", "b0");

    for (int i = 0; i < 40 && !app.enricher.texts().contains("b0"); i++) {
      app.enricher.enrich("a" + i);
      app.tick();
    }

    assertThat(app.enricher.texts()).contains("b0").hasSizeLessThan(50);
  }

  @Test
  void shouldFinishWhatAnEarlierRunHasLeftOfEveryTopic() {
    ProcessorHarness app = open(Ordering.NONE, Duration.ZERO);
    for (int i = 0; i < 10; i++) {
      app.sendTo(A, "k", "a" + i);
      app.sendTo(B, "k", "b" + i);
    }
    app.restart();

    assertThat(enrichAll(app, 20)).hasSize(20).doesNotHaveDuplicates();
    assertThat(app.stored()).isZero();
  }

  /** Its offsets begin at 0 again, and mean other documents: to skip them would lose them. */
  @Test
  void shouldTakeNothingFromATopicThatWasMadeAgain() {
    ProcessorHarness app = open(Ordering.NONE, Duration.ZERO);
    app.intake.seen(A, new Uuid(1, 1));
    app.sendTo(A, "k", "a0");
    app.enricher.enrich("a0");
    app.tick();
    app.intake = new Intake(Taken.SKIP);
    app.intake.seen(A, new Uuid(2, 2));

    app.restartFromTheBeginning();
    app.sendTo(A, "k", "new");
    app.sendTo(B, "k", "b0");
    app.tick();

    assertThat(app.events.replaced).containsExactly(A);
    assertThat(app.events.skipped).as("it is not called a document taken before").isEmpty();
    assertThat(app.enricher.texts()).containsExactly("a0", "b0");
  }

  @Test
  void shouldSkipOfEachTopicWhatWasTaken() {
    ProcessorHarness app = open(Ordering.NONE, Duration.ZERO);
    AtomicInteger looks = new AtomicInteger();
    List<String> texts = List.of("0", "1", "2", "3");
    texts.forEach(text -> {
      app.sendTo(A, "k", "a" + text);
      app.sendTo(B, "k", "b" + text);
    });
    assertThat(enrichAll(app, 8)).hasSize(8);

    app.restartFromTheBeginning();
    app.intake.onDoubt(looks::incrementAndGet);
    texts.forEach(text -> {
      app.sendTo(A, "k", "a" + text);
      app.sendTo(B, "k", "b" + text);
    });
    app.sendTo(A, "k", "new");
    app.tick();

    assertThat(app.enricher.texts()).hasSize(9).endsWith("new");
    assertThat(looks.get()).as("one look at the cluster for each topic").isEqualTo(2);
  }

  @Test
  void shouldSubmitOfEachTopicWhatIsCommittedOnlyWhileItIsCareful() {
    ProcessorHarness app = open(Ordering.NONE, Duration.ofMinutes(1));
    app.sendTo(B, "k", "b0");
    app.tick();
    app.sendTo(A, "k", "a0");
    assertThat(app.enricher.texts()).doesNotContain("a0");

    for (int i = 0; i < 20; i++) {
      app.tick();
    }

    assertThat(app.enricher.texts()).containsExactly("b0", "a0");
  }

  @Test
  void shouldOrderTheOutcomesOfATopicAndNotThoseOfTwo() {
    ProcessorHarness app = open(Ordering.PARTITION, Duration.ZERO);
    app.sendTo(A, "k", "a0");
    app.sendTo(A, "k", "a1");
    app.sendTo(B, "k", "b0");

    app.enricher.enrich("b0");
    app.enricher.enrich("a1");
    app.tick();
    assertThat(enriched(app)).containsExactly("summary of b0");

    app.enricher.enrich("a0");
    app.tick();
    assertThat(enriched(app)).containsExactly("summary of a0", "summary of a1");
  }

  /** Enriches whatever is submitted, until so many documents have their outcome. */
  private static List<String> enrichAll(ProcessorHarness app, int documents) {
    List<String> outcomes = new ArrayList<>();
    for (int round = 0; round < 200 && outcomes.size() < documents; round++) {
      for (String text : List.copyOf(app.enricher.texts())) {
        if (!outcomes.contains("summary of " + text)) {
          app.enricher.enrich(text);
        }
      }
      app.tick();
      outcomes.addAll(enriched(app));
    }
    return outcomes;
  }
}
