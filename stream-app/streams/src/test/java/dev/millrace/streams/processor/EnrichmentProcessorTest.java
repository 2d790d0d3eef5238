package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.bytes;
import static dev.millrace.streams.processor.ProcessorHarness.header;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static dev.millrace.streams.processor.ProcessorHarness.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Deferral.Cause;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.DeadLetter;
import dev.millrace.records.Decoded;
import dev.millrace.records.OutcomeRecords;
import dev.millrace.records.OutcomeTimestamp;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import dev.millrace.records.TextDecoder;
import dev.millrace.records.TimestampRange;
import dev.millrace.records.Tombstones;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrichmentProcessorTest {
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

  /** Where this runs, %d writes other digits: ids were documents-۰-۰, and others elsewhere. */
  @Test
  void shouldGiveADocumentTheSameNamesInEveryLanguage() {
    assertThat(String.format(Locale.getDefault(), "%d", 10)).isEqualTo("۱۰");
    ProcessorHarness app = open(options());
    app.decoder = new TextDecoder();

    app.send(new TestRecord<>(null, bytes("good")));
    app.send(new TestRecord<>(null, bytes("bad")));
    app.enricher.enrich("good");
    app.enricher.answer("bad", new Outcome.Rejected(RejectReason.INTERNAL_ERROR, "no"));
    app.tick();

    TestRecord<byte[], byte[]> enriched = app.read(TOPICS.outputs().enriched()).getFirst();
    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(text(enriched.key())).isEqualTo("documents-0-0");
    assertThat(header(enriched, RecordHeaderNames.MESSAGE_ID)).isEqualTo("documents-0-0");
    assertThat(dead.key()).as("as it came").isNull();
    assertThat(header(dead, RecordHeaderNames.MESSAGE_ID)).isEqualTo("documents-0-1");
    for (TestRecord<byte[], byte[]> record : List.of(enriched, dead)) {
      record.headers().forEach(header -> assertThat(text(header.value())).matches("\\p{ASCII}*"));
    }
  }

  @Test
  void shouldKeepADocumentPendingUntilItsOutcomeIsForwarded() {
    ProcessorHarness app = open(options());

    app.send("k", "a");

    assertThat(app.enricher.texts()).containsExactly("a");
    assertThat(app.stored()).isEqualTo(1);
    assertThat(app.read(TOPICS.outputs().enriched())).isEmpty();

    app.enricher.enrich("a");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of a");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldForwardWithKeyTimestampHeadersAndProvenanceOfTheInput() {
    ProcessorHarness app = open(options());
    RecordHeaders headers = new RecordHeaders();
    headers.add("trace", bytes("t-1")).add(RecordHeaderNames.SOURCE_TOPIC, bytes("spoofed"));
    app.send(new TestRecord<>(bytes("k"), bytes("a"), headers, Instant.ofEpochMilli(1234)));
    app.enricher.enrich("a");
    app.tick();

    TestRecord<byte[], byte[]> out = app.read(TOPICS.outputs().enriched()).getFirst();

    assertThat(text(out.key())).isEqualTo("k");
    assertThat(out.timestamp()).isEqualTo(1234);
    assertThat(header(out, "trace")).isEqualTo("t-1");
    assertThat(out.headers().headers(RecordHeaderNames.SOURCE_TOPIC)).hasSize(1);
    assertThat(header(out, RecordHeaderNames.SOURCE_TOPIC)).isEqualTo("documents");
    assertThat(header(out, RecordHeaderNames.SOURCE_PARTITION)).isEqualTo("0");
    assertThat(header(out, RecordHeaderNames.SOURCE_OFFSET)).isEqualTo("0");
    assertThat(header(out, RecordHeaderNames.MESSAGE_ID)).isEqualTo("documents-0-0");
    assertThat(header(out, RecordHeaderNames.ATTEMPT)).isEqualTo("1");
  }

  @Test
  void shouldUseTheDocumentIdAsKeyWhenTheInputHasNone() {
    ProcessorHarness app = open(options());
    app.send(new TestRecord<>(null, bytes("a"), new RecordHeaders(), Instant.ofEpochMilli(1)));
    app.enricher.enrich("a");
    app.tick();

    assertThat(text(app.read(TOPICS.outputs().enriched()).getFirst().key())).isEqualTo("id-a");
  }

  @Test
  void shouldRouteAnUnsafeDocumentToQuarantine() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.enricher.quarantine("a");
    app.tick();

    assertThat(app.values(TOPICS.outputs().quarantined())).containsExactly("unsafe summary of a");
    assertThat(app.read(TOPICS.outputs().enriched())).isEmpty();
  }

  @Test
  void shouldSendARejectedDocumentToTheDeadLetterWithItsBytesAndTheReason() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.enricher.answer("a", new Outcome.Rejected(RejectReason.TOO_LONG, "9 tokens, at most 8"));
    app.tick();

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(app.letterText()).isEqualTo("a");
    assertThat(text(dead.key())).isEqualTo("k");
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("TOO_LONG");
    assertThat(header(dead, RecordHeaderNames.MESSAGE)).isEqualTo("9 tokens, at most 8");
    assertThat(app.stored()).isZero();
    assertThat(app.events.rejections).containsExactly(RejectReason.TOO_LONG);
  }

  @Test
  void shouldRejectANullValueAtOnce() {
    ProcessorHarness app = open(options());
    app.send(new TestRecord<>(bytes("k"), null, new RecordHeaders(), Instant.ofEpochMilli(1)));

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(app.letters.getLast().value()).isNull();
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("NULL_VALUE");
    assertThat(app.stored()).isZero();
    assertThat(app.enricher.texts()).isEmpty();
  }

  /** A reader would take the outcome's value for a document. */
  @Test
  void shouldNotPassOnTheHeaderThatNamesTheSchemaOfTheDocumentsValue() {
    ProcessorHarness app = open(options());
    RecordHeaders headers = new RecordHeaders();
    headers.add("__value_schema_id", new byte[] {0, 0, 0, 0, 1});
    headers.add("__key_schema_id", new byte[] {0, 0, 0, 0, 2});
    app.send(new TestRecord<>(bytes("k"), bytes("a"), headers, Instant.ofEpochMilli(1)));
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.read(TOPICS.outputs().enriched()))
        .singleElement()
        .satisfies(record -> {
          assertThat(record.headers().lastHeader("__value_schema_id")).isNull();
          assertThat(record.headers().lastHeader("__key_schema_id")).isNotNull();
        });
  }

  private static TestRecord<byte[], byte[]> tombstone(@Nullable String key) {
    return new TestRecord<>(
        key == null ? null : bytes(key), null, new RecordHeaders(), Instant.ofEpochMilli(1));
  }

  private ProcessorHarness open(ProcessorOptions options, Tombstones tombstones) {
    ProcessorHarness app = open(options);
    app.tombstones = tombstones;
    app.reopen();
    return app;
  }

  @Test
  void shouldPassOverWhatIsDeleted() {
    ProcessorHarness app = open(options(), Tombstones.SKIP);
    app.undecodable.put("gone", new Decoded.Deletion());
    app.send(tombstone("k"));
    app.send(tombstone(null));
    app.send("k", "gone");
    app.tick();

    for (String topic : TOPICS.outputs().all()) {
      assertThat(app.read(topic)).as(topic).isEmpty();
    }
    assertThat(app.stored()).isZero();
    assertThat(app.events.deletions).containsExactly(false, false, false);
  }

  @Test
  void shouldForwardADeletionBehindWhatItDeletes() {
    ProcessorHarness app = open(options(Ordering.KEY), Tombstones.FORWARD);
    app.send("k", "a");
    app.send(tombstone("k"));
    app.send(tombstone(null));
    app.tick();
    assertThat(app.read(TOPICS.outputs().enriched())).as("waits for the document").isEmpty();
    assertThat(app.read(TOPICS.outputs().deadLetter()))
        .as("without a key")
        .singleElement()
        .satisfies(record ->
            assertThat(header(record, RecordHeaderNames.MESSAGE)).contains("no key to forward"));
    app.reopen();
    app.enricher.enrich("a");
    app.tick();

    List<TestRecord<byte[], byte[]>> enriched = app.read(TOPICS.outputs().enriched());
    assertThat(enriched).hasSize(2);
    assertThat(enriched.getFirst().value()).isNotNull();
    assertThat(enriched.getLast().value()).isNull();
    assertThat(text(enriched.getLast().key())).isEqualTo("k");
    assertThat(header(enriched.getLast(), RecordHeaderNames.SOURCE_OFFSET)).isEqualTo("1");
    assertThat(app.read(TOPICS.outputs().quarantined()))
        .singleElement()
        .satisfies(record -> assertThat(record.value()).isNull());
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldRejectADeletionInAnEnvelope() {
    ProcessorHarness app = open(options());
    app.undecodable.put("gone", new Decoded.Deletion());
    app.send("k", "gone");
    app.tick();

    assertThat(app.events.rejections).containsExactly(RejectReason.NULL_VALUE);
    assertThat(app.letterText()).isEqualTo("gone");
  }

  @Test
  void shouldRejectWhatIsTooLargeBeforeItIsStored() {
    ProcessorHarness app = open(options());
    app.send("k", "x".repeat(2001));

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(app.letterText()).hasSize(2001);
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("TOO_LARGE");
    assertThat(header(dead, RecordHeaderNames.MESSAGE)).contains("2001").contains("2000");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldCutADeadLetterThatDoesNotFitAndSayWhatIsMissing() {
    ProcessorHarness app = open(options());
    app.send("k", "x".repeat(9000));

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    DeadLetter letter = app.letters.getLast();
    assertThat(app.letterText().length()).isBetween(2000, 4000);
    assertThat(OutcomeRecords.size(dead.key(), dead.headers(), dead.value().length))
        .isLessThanOrEqualTo(4000);
    assertThat(letter.truncated()).isTrue();
    assertThat(letter.valueLength()).isEqualTo(9000);
    assertThat(letter.valueSha256()).hasSize(64);
  }

  @Test
  void shouldRejectARecordWhoseHeadersDoNotFitTheChangelog() {
    ProcessorHarness app = open(options());
    RecordHeaders headers = new RecordHeaders();
    headers.add("big", new byte[9000]);
    app.send(new TestRecord<>(bytes("k"), bytes("a"), headers, Instant.ofEpochMilli(1)));

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("TOO_LARGE");
    assertThat(app.letterText()).isEqualTo("a");
    assertThat(app.letters.getLast().headers()).isEmpty();
    assertThat(app.letters.getLast().truncated()).isTrue();
  }

  @Test
  void shouldSendAnEnrichmentThatDoesNotFitToTheDeadLetter() {
    ProcessorHarness app = open(options());
    app.undecodable.put(
        "a", new Decoded.Success(dev.millrace.enrichment.Document.of("id", "y".repeat(5000), "")));
    app.send("k", "a");
    app.enricher.enrichAll();
    app.tick();

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("OUTCOME_TOO_LARGE");
    assertThat(app.letterText()).isEqualTo("a");
    assertThat(app.read(TOPICS.outputs().enriched())).isEmpty();
    assertThat(app.events.rejections).containsExactly(RejectReason.OUTCOME_TOO_LARGE);
    assertThat(app.events.enriched).isZero();
  }

  @Test
  void shouldForwardInTheOrderOfCompletionByDefault() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.send("k", "b");
    app.enricher.enrich("b");
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of b", "summary of a");
  }

  @Test
  void shouldHoldBackALaterDocumentOfTheSameKey() {
    ProcessorHarness app = open(options(Ordering.KEY));
    app.send("k", "a");
    app.send("k", "b");
    app.send("other", "c");
    app.enricher.enrich("b");
    app.enricher.enrich("c");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of c");
    assertThat(app.stored()).isEqualTo(2);

    app.enricher.enrich("a");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of a", "summary of b");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldKeepTheOrderOfAPartitionAcrossARestartAndARetry() {
    ProcessorHarness app = open(options(Ordering.PARTITION));
    app.send("1", "a");
    app.send("2", "b");
    app.enricher.enrich("b");
    app.tick();
    app.restart();
    assertThat(app.enricher.texts()).containsExactly("a", "b", "a", "b");

    app.enricher.enrich("b");
    app.enricher.defer("a", Cause.OVERLOADED);
    app.tick();
    assertThat(app.read(TOPICS.outputs().enriched())).isEmpty();
    app.advance(Duration.ofSeconds(1));
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactly("summary of a", "summary of b");
  }

  @Test
  void shouldSubmitAgainWhatAnEarlierRunLeftPending() {
    ProcessorHarness app = open(options());
    for (int i = 0; i < 20; i++) {
      app.send("k", "d" + i);
    }
    app.enricher.enrich("d3");
    app.tick();
    app.read(TOPICS.outputs().enriched());
    app.enricher.submissions.clear();

    app.restart();

    assertThat(app.events.resubmitted).isEqualTo(19);
    for (int round = 0; round < 5; round++) {
      app.enricher.enrichAll();
      app.enricher.submissions.clear();
      app.tick();
    }
    assertThat(app.values(TOPICS.outputs().enriched()))
        .hasSize(19)
        .doesNotHaveDuplicates()
        .doesNotContain("summary of d3");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldDropAnswersForATaskThatHasMovedOn() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    FakeEnricher.Submission before = app.enricher.latest("a");
    app.restart();

    before.listener().onOutcome(new Outcome.Rejected(RejectReason.TOO_LONG, "late"));
    app.tick();

    assertThat(app.read(TOPICS.outputs().deadLetter())).isEmpty();
    assertThat(app.events.stale).isEqualTo(1);
    assertThat(app.enricher.cancelled).contains(before.owner());
    app.enricher.enrich("a");
    app.tick();
    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of a");
  }

  @Test
  void shouldForwardOnceWhenAnAnswerComesTwice() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.enricher.enrich("a");
    app.enricher.enrich("a");
    app.tick();
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of a");
    assertThat(app.events.stale).isEqualTo(1);
  }

  @Test
  void shouldParkWhatExceedsTheTaskAndTakeItInOrder() {
    ProcessorHarness app = open(options());
    for (int i = 0; i < 12; i++) {
      app.send("k", "d" + i);
    }
    assertThat(app.enricher.texts()).hasSize(8);
    assertThat(app.stored()).isEqualTo(12);

    app.enricher.enrich("d7");
    app.enricher.enrich("d0");
    app.tick();

    assertThat(app.enricher.texts()).endsWith("d8", "d9").hasSize(10);
  }

  @Test
  void shouldShareTheGlobalPermitsAndGiveThemBack() {
    Permits permits = new Permits(2, 1 << 20);
    ProcessorHarness app = open(options(), permits);
    app.send("k", "a");
    app.send("k", "b");
    app.send("k", "c");
    assertThat(app.enricher.texts()).containsExactly("a", "b");
    assertThat(permits.documentsHeld()).isEqualTo(2);

    app.enricher.enrich("a");
    app.tick();
    assertThat(app.enricher.texts()).containsExactly("a", "b", "c");
    app.close();
    opened = null;

    assertThat(permits.documentsHeld()).isZero();
  }

  @Test
  void shouldStillAcceptWhenSlowedAndNotWaitLongerThanASlice() {
    ProcessorHarness app = open(options());
    for (int i = 0; i < 40; i++) {
      app.send("k", "d" + i);
    }
    assertThat(app.stored()).isEqualTo(40);
  }

  @Test
  void shouldSubmitAgainAfterTheBackOffWhenTheEngineIsFull() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.enricher.defer("a", Cause.OVERLOADED);
    app.tick();
    app.advance(Duration.ofMillis(50));
    assertThat(app.enricher.texts()).hasSize(1);

    app.advance(Duration.ofMillis(60));

    assertThat(app.enricher.texts()).containsExactly("a", "a");
    assertThat(app.enricher.latest("a").attempt()).isEqualTo(1);
  }

  @Test
  void shouldRejectAfterTheLastAttemptThatMissedItsDeadline() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    for (int attempt = 1; attempt <= 3; attempt++) {
      assertThat(app.enricher.latest("a").attempt()).isEqualTo(attempt);
      app.enricher.defer("a", Cause.DEADLINE);
      app.tick();
      app.advance(Duration.ofSeconds(5));
    }

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("DEADLINE");
    assertThat(header(dead, RecordHeaderNames.ATTEMPT)).isEqualTo("3");
    assertThat(app.letters.getLast().attempt()).isEqualTo(3);
    assertThat(app.letterText()).isEqualTo("a");
  }

  @Test
  void shouldRememberAttemptsAcrossARestart() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.enricher.defer("a", Cause.DEADLINE);
    app.tick();
    app.restart();

    assertThat(app.enricher.latest("a").attempt()).isEqualTo(2);
  }

  @Test
  void shouldKeepDocumentsWhenTheEngineIsLostAndSubmitNoMore() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.enricher.defer("a", Cause.ENGINE_LOST);
    app.tick();
    app.send("k", "b");
    app.advance(Duration.ofMinutes(5));

    assertThat(app.gate.open()).isFalse();
    assertThat(app.enricher.texts()).containsExactly("a");
    assertThat(app.stored()).isEqualTo(2);
    assertThat(app.read(TOPICS.outputs().deadLetter())).isEmpty();
  }

  @Test
  void shouldParkDocumentsWhileTheRegistryIsDown() {
    ProcessorHarness app = open(options());
    app.undecodable.put("a", Decoded.unavailable("connection refused"));
    app.send("k", "a");
    app.advance(Duration.ofHours(10));
    assertThat(app.stored()).isEqualTo(1);
    assertThat(app.read(TOPICS.outputs().deadLetter())).isEmpty();
    assertThat(app.events.retries).contains(Deferral.Cause.REGISTRY_UNAVAILABLE);
    assertThat(app.events.loads.values()).allMatch(load -> load.awaitingRegistry() == 1);

    app.undecodable.clear();
    app.tick();
    app.advance(Duration.ofSeconds(11));
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of a");
    assertThat(app.events.loads.values()).allMatch(load -> load.awaitingRegistry() == 0);
  }

  @Test
  void shouldGiveAnUnknownSchemaTimeToAppear() {
    ProcessorHarness app = open(options());
    app.undecodable.put("a", Decoded.unknownSchema("schema id 9"));
    app.undecodable.put("b", Decoded.unknownSchema("schema id 10"));
    app.send("k", "a");
    app.send("k", "b");
    app.advance(Duration.ofSeconds(5));
    app.undecodable.remove("b");
    for (int second = 0; second < 45; second++) {
      app.advance(Duration.ofSeconds(1));
    }

    assertThat(app.enricher.texts()).containsExactly("b");
    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("UNKNOWN_SCHEMA");
    assertThat(app.letterText()).isEqualTo("a");
  }

  @Test
  void shouldOnlyParkWhileDraining() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.gate.drain();
    app.send("k", "b");
    app.enricher.enrich("a");
    app.tick();

    assertThat(app.enricher.texts()).containsExactly("a");
    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of a");
    assertThat(app.stored()).isEqualTo(1);
  }

  @Test
  void shouldMakeADeadLetterOfAnOutcomeThatCannotBeWritten() {
    ProcessorHarness app = open(options());
    app.unwritable.add("summary of a");
    app.send("k", "a");
    app.send("k", "b");
    app.enricher.enrichAll();
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of b");
    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(app.letterText()).isEqualTo("a");
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("INTERNAL_ERROR");
    assertThat(header(dead, RecordHeaderNames.MESSAGE))
        .contains("cannot be written", "ArithmeticException")
        .doesNotContain("quotes");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldMakeADeadLetterOfADocumentTheEnricherStumblesOver() {
    ProcessorHarness app = open(options());
    app.send("k", "breaks");
    app.send("k", "b");
    app.enricher.enrich("b");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of b");
    assertThat(header(app.read(TOPICS.outputs().deadLetter()).getFirst(), RecordHeaderNames.REASON))
        .isEqualTo("INTERNAL_ERROR");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldLeaveKeyAndHeadersOutOfADeadLetterThatCannotBeWrittenWithThem() {
    ProcessorHarness app = open(options());
    RecordHeaders headers = new RecordHeaders();
    headers.add("unwritable", bytes("x"));
    app.send(new TestRecord<>(bytes("k"), bytes("a"), headers, Instant.ofEpochMilli(1)));
    app.enricher.answer("a", new Outcome.Rejected(RejectReason.TOO_LONG, "too long"));
    app.tick();

    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(header(dead, RecordHeaderNames.REASON)).isEqualTo("TOO_LONG");
    assertThat(app.letterText()).isEqualTo("a");
    assertThat(dead.key()).isNull();
  }

  @Test
  void shouldGiveRecordsATimestampThatTheTopicsTakeAndSayTheirOwn() {
    ProcessorHarness app = open(options());
    long hour = Duration.ofHours(1).toMillis();
    TimestampRange recent = new TimestampRange(hour, hour);
    app.limits.update(
        Map.of(
            ProcessorHarness.CHANGELOG,
            new TimestampRange(Long.MAX_VALUE, hour),
            ProcessorHarness.TOPICS.outputs().enriched(),
            recent,
            ProcessorHarness.TOPICS.outputs().deadLetter(),
            recent));
    app.advance(Duration.ofDays(1));
    long far = app.nowMillis() + 48 * hour;
    for (String text : new String[] {"a", "b"}) {
      app.send(
          new TestRecord<>(
              bytes("k"), bytes(text), new RecordHeaders(), Instant.ofEpochMilli(far)));
    }
    app.send(new TestRecord<>(bytes("k"), bytes("c"), new RecordHeaders(), Instant.EPOCH));
    app.send(
        new TestRecord<>(
            bytes("k"), bytes("d"), new RecordHeaders(), Instant.ofEpochMilli(app.nowMillis())));
    app.enricher.enrich("a");
    app.enricher.answer("b", new Outcome.Rejected(RejectReason.TOO_LONG, "too long"));
    app.enricher.enrich("c");
    app.enricher.enrich("d");
    app.tick();

    assertThat(app.read("test-pending-changelog"))
        .allSatisfy(
            written -> assertThat(written.timestamp()).isLessThanOrEqualTo(app.nowMillis() + hour));
    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();
    assertThat(dead.timestamp()).isEqualTo(app.nowMillis());
    assertThat(header(dead, RecordHeaderNames.SOURCE_TIMESTAMP)).isEqualTo(Long.toString(far));
    assertThat(app.letters.getLast().timestamp()).isEqualTo(far);
    List<TestRecord<byte[], byte[]>> enriched = app.read(TOPICS.outputs().enriched());
    assertThat(enriched.get(0).timestamp()).isEqualTo(app.nowMillis());
    assertThat(header(enriched.get(0), RecordHeaderNames.SOURCE_TIMESTAMP))
        .isEqualTo(Long.toString(far));
    assertThat(enriched.get(1).timestamp()).isEqualTo(app.nowMillis());
    assertThat(header(enriched.get(1), RecordHeaderNames.SOURCE_TIMESTAMP)).isEqualTo("0");
    assertThat(enriched.get(2).headers().lastHeader(RecordHeaderNames.SOURCE_TIMESTAMP)).isNull();
  }

  @Test
  void shouldGiveOutcomesTheTimeOfTheirWritingWhereThatIsAskedFor() {
    ProcessorHarness app = open(options(OutcomeTimestamp.ENRICHED));
    app.send("k", "a");
    app.send("k", "b");
    app.enricher.enrich("a");
    app.enricher.answer("b", new Outcome.Rejected(RejectReason.TOO_LONG, "too long"));
    app.tick();

    TestRecord<byte[], byte[]> out = app.read(TOPICS.outputs().enriched()).getFirst();
    TestRecord<byte[], byte[]> dead = app.read(TOPICS.outputs().deadLetter()).getFirst();

    assertThat(out.timestamp()).isEqualTo(app.nowMillis());
    assertThat(header(out, RecordHeaderNames.SOURCE_TIMESTAMP)).isEqualTo("77");
    assertThat(dead.timestamp()).isEqualTo(app.nowMillis());
    assertThat(app.letters.getLast().timestamp()).isEqualTo(77);
  }

  @Test
  void shouldFinishWithTheNewPlanWhatWasConsumedUnderTheOld() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.send("k", "b");
    app.plan = 12;
    app.restart();
    app.enricher.enrich("a");
    app.enricher.enrich("b");
    app.tick();
    app.send("k", "c");
    app.enricher.enrich("c");
    app.tick();

    assertThat(app.events.resubmitted).isEqualTo(2);
    assertThat(app.events.ofOtherPlans).isEqualTo(2);
    assertThat(app.warned)
        .containsExactlyInAnyOrder("summary of a PLAN_CHANGED", "summary of b PLAN_CHANGED");
    assertThat(app.values(TOPICS.outputs().enriched()))
        .containsExactlyInAnyOrder("summary of a", "summary of b", "summary of c");
  }

  @Test
  void shouldReadADocumentBackForADeadLetterOnly() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    app.send("k", "b");
    app.send("k", "c");

    app.enricher.enrich("a");
    app.enricher.quarantine("b");
    app.tick();
    assertThat(app.reads()).isZero();

    app.enricher.answer("c", new Outcome.Rejected(RejectReason.TOO_LONG, "too long"));
    app.tick();
    assertThat(app.reads()).isEqualTo(1);
    assertThat(app.letterText()).isEqualTo("c");
    assertThat(app.stored()).isZero();
  }

  @Test
  void shouldStopTheTaskOnAFaultOfTheProgram() {
    ProcessorHarness app = open(options());
    app.undecodable.put(
        "a", new Decoded.Success(dev.millrace.enrichment.Document.of("x", "a", "")));
    app.send("k", "ok");
    FakeEnricher.Submission submission = app.enricher.latest("ok");
    Mailbox mailbox = (Mailbox) submission.owner();
    mailbox.post(ProcessorHarness.id(0), new Answer.Broken(new AssertionError("bug")));

    assertThatThrownBy(app::tick)
        .isInstanceOf(StreamsException.class)
        .rootCause()
        .hasMessage("bug");
    opened = null;
  }

  @Test
  void shouldRefuseAStoreOfAnotherTopic() {
    ProcessorHarness app = open(options());
    app.send("k", "a");
    Envelope foreign =
        new Envelope(
            new SourceRecord(
                new SourcePosition("old-topic", 0, 5), 1, null, new RecordHeaders(), bytes("b")),
            1,
            0,
            11,
            Restarts.none(1));
    app.store().put(ProcessorHarness.key(ProcessorHarness.id(5)), EnvelopeCodec.encode(foreign));

    assertThatThrownBy(app::restart)
        .rootCause()
        .hasMessageContaining("old-topic")
        .hasMessageContaining("app.id");
    opened = null;
  }

  @Test
  void shouldReportLoadAndForgetItWhenTheTaskCloses() {
    ProcessorHarness app = open(options());
    for (int i = 0; i < 12; i++) {
      app.send("k", "d" + i);
    }
    app.advance(Duration.ofSeconds(2));

    ProcessorMonitor.Load load = app.events.loads.get("0_0");
    assertThat(load).isEqualTo(new ProcessorMonitor.Load(12, 4, 8, 0, 0, 1_000_000));
    app.close();
    opened = null;
    assertThat(app.events.closed).contains("0_0");
  }
}
