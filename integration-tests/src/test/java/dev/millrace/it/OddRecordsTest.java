package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.CsvRow;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.EnrichmentMetrics;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanReader;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.enrichment.testing.ScriptedEngine;
import dev.millrace.it.OddRecords.Odd;
import dev.millrace.operations.config.DocumentFormat;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.Topics;
import dev.millrace.records.AvroDecoder;
import dev.millrace.records.AvroOutcomes;
import dev.millrace.records.AvroOutcomes.OutputSchemaIds;
import dev.millrace.records.Backoff;
import dev.millrace.records.CsvDecoder;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.JsonDecoder;
import dev.millrace.records.OutcomeTimestamp;
import dev.millrace.records.OutputTopics;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.records.RecordSizes;
import dev.millrace.records.TextDecoder;
import dev.millrace.records.TimestampLimits;
import dev.millrace.records.TimestampRange;
import dev.millrace.records.shape.RecordShape;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.SchemaId;
import dev.millrace.schema.SchemaLookup;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.schema.avro.DeadLetter;
import dev.millrace.schema.avro.Document;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.streams.ends.CrashTraces;
import dev.millrace.streams.ends.ProcessLog;
import dev.millrace.streams.processor.EnrichmentProcessorSupplier;
import dev.millrace.streams.processor.EnrichmentServices;
import dev.millrace.streams.processor.Intake;
import dev.millrace.streams.processor.NodeNames;
import dev.millrace.streams.processor.Ordering;
import dev.millrace.streams.processor.Permits;
import dev.millrace.streams.processor.ProcessorMonitors;
import dev.millrace.streams.processor.ProcessorOptions;
import dev.millrace.streams.processor.SourceTimestamps;
import dev.millrace.streams.processor.SubmissionGate;
import dev.millrace.streams.processor.Submitter;
import dev.millrace.streams.processor.Taken;
import dev.millrace.streams.processor.TakenMark;
import dev.millrace.streams.topology.EnrichmentTopology;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever a record holds, it ends in exactly one topic, and the next good document is enriched:
 * random records through decoders, enricher, processor and encoders as they are, on a scripted
 * engine and without a broker ({@link OddRecordsIT} has one).
 */
class OddRecordsTest {
  /** Of each format, and as many good ones between them: over 10,000 odd ones in all. */
  private static final int ODD = Boolean.getBoolean("millrace.full") ? 50_000 : 3_400;

  private static final long START_MILLIS = Instant.parse("2026-06-01T00:00:00Z").toEpochMilli();
  private static final long HOUR = Duration.ofHours(1).toMillis();
  private static final NodeNames NAMES = new NodeNames(Input.DEFAULT_NAME);
  private static final Topics TOPICS =
      new Topics("in", new OutputTopics("enriched", "quarantined", "dead"));
  static final SchemaSource SCHEMAS = OddRecordsTest::schema;
  static final OutputSchemaIds SCHEMA_IDS = new OutputSchemaIds(11, 12, 13);

  @TempDir private Path directory;
  private long nanos;

  private static SchemaLookup schema(SchemaId id) {
    return switch (id.toString()) {
      case "1" -> new SchemaLookup.Found(Document.getClassSchema());
      case "11", "12" -> new SchemaLookup.Found(EnrichedDocument.getClassSchema());
      case "13" -> new SchemaLookup.Found(DeadLetter.getClassSchema());
      default -> new SchemaLookup.Unknown("no schema " + id);
    };
  }

  private static DocumentDecoder decoder(DocumentFormat format) {
    return switch (format) {
      case AVRO -> new AvroDecoder(SCHEMAS);
      case JSON -> new JsonDecoder();
      case TEXT -> new TextDecoder();
      case CSV ->
          new CsvDecoder(new CsvRow(List.of("id", "text", "title"), ','), RecordShape.DOCUMENT);
    };
  }

  private long nowMillis() {
    return START_MILLIS + TimeUnit.NANOSECONDS.toMillis(nanos);
  }

  @ParameterizedTest
  @EnumSource(DocumentFormat.class)
  void shouldGiveEveryRecordOneOutcomeAndEnrichTheNextGoodDocument(DocumentFormat format)
      throws Exception {
    long seed = new Random().nextLong();
    TimestampLimits limits = new TimestampLimits();
    limits.update(
        Map.of(
            "changelog",
            new TimestampRange(Long.MAX_VALUE, HOUR),
            TOPICS.outputs().enriched(),
            new TimestampRange(24 * HOUR, HOUR),
            TOPICS.outputs().deadLetter(),
            new TimestampRange(Long.MAX_VALUE, 0)));
    SourceTimestamps timestamps =
        new SourceTimestamps(limits, "changelog", () -> Instant.ofEpochMilli(nowMillis()));
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "odd");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, directory.resolve("state").toString());
    try (ScriptedEngine engine =
            new ScriptedEngine(2_000, (prompt, instruction) -> instruction + prompt.length());
        EngineEnricher enricher =
            new EngineEnricher(
                engine,
                plan(directory),
                new EngineEnricher.Settings(
                    "test",
                    ForkJoinPool.commonPool(),
                    () -> Instant.EPOCH,
                    EnrichmentMetrics.NONE))) {
      EnrichmentServices services =
          new EnrichmentServices(
              new Submitter(decoder(format), EnricherChoice.always(enricher), Runnable::run),
              new AvroOutcomes(SCHEMA_IDS, "test"),
              timestamps,
              new Intake(Taken.SKIP),
              limits,
              new RecordSizes(6_000),
              new Permits(1_000, 1 << 24),
              new SubmissionGate(),
              new ProcessorMonitors(List.of()),
              () -> nanos,
              1,
              new ProcessLog(
                  directory.resolve("processes"), 1, new CrashTraces(List.of(), directory)));
      try (TopologyTestDriver driver =
          new TopologyTestDriver(
              EnrichmentTopology.build(
                  List.of(
                      new EnrichmentTopology.Part(
                          NAMES,
                          TOPICS,
                          new EnrichmentProcessorSupplier(options(), services, Map.of()),
                          timestamps)),
                  properties),
              properties,
              Instant.ofEpochMilli(START_MILLIS))) {
        feed(driver, format, seed);
        judge(driver, format, seed);
      }
    }
  }

  static Plan plan(Path directory) throws IOException {
    Path file = directory.resolve("plan.yaml");
    Files.writeString(
        file,
        """
        promptVersion: t
        documents: {tokensMax: 100, partsMax: 3, beyond: reject}
        tasks:
          summarise: {instruction: /sum, tokensMax: 40}
          classify: {instruction: /kind, labels: [mill, race]}
        """);
    return PlanReader.read(file);
  }

  private static ProcessorOptions options() {
    return new ProcessorOptions(
        NAMES,
        TOPICS,
        OutcomeTimestamp.DOCUMENT,
        Ordering.NONE,
        4_000,
        512,
        2_000,
        Duration.ofMillis(1),
        Duration.ofMillis(10),
        Duration.ofHours(1),
        3,
        3,
        Duration.ZERO,
        Duration.ofSeconds(2),
        new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1)));
  }

  private void feed(TopologyTestDriver driver, DocumentFormat format, long seed)
      throws InterruptedException {
    TestInputTopic<byte[], byte[]> input =
        driver.createInputTopic("in", new ByteArraySerializer(), new ByteArraySerializer());
    OddRecords records = new OddRecords(seed, format, START_MILLIS);
    for (int i = 0; i < ODD; i++) {
      send(input, records.next());
      send(input, OddRecords.good(format, "good-" + i, nowMillis()));
      if (i % 16 == 0) {
        advance(driver, Duration.ofMillis(50));
      }
    }
    KeyValueStore<byte[], byte[]> store = driver.getKeyValueStore(NAMES.store());
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (hasEntries(store)) {
      assertThat(System.nanoTime()).as("seed %d: all is done", seed).isLessThan(deadline);
      advance(driver, Duration.ofMillis(200));
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  private static boolean hasEntries(KeyValueStore<byte[], byte[]> store) {
    try (var all = store.all()) {
      while (all.hasNext()) {
        if (!TakenMark.isReserved(all.next().key)) {
          return true;
        }
      }
      return false;
    }
  }

  private void advance(TopologyTestDriver driver, Duration time) {
    nanos += time.toNanos();
    driver.advanceWallClockTime(time);
  }

  private static void send(TestInputTopic<byte[], byte[]> input, Odd odd) {
    input.pipeInput(
        new TestRecord<>(
            odd.key(), odd.value(), odd.headers(), Instant.ofEpochMilli(odd.timestamp())));
  }

  private void judge(TopologyTestDriver driver, DocumentFormat format, long seed) {
    WireDeserializer<EnrichedDocument> enriched =
        new WireDeserializer<>(SCHEMAS, EnrichedDocument.class);
    WireDeserializer<DeadLetter> dead = new WireDeserializer<>(SCHEMAS, DeadLetter.class);
    Map<Long, List<String>> outcomes = new TreeMap<>();
    Map<String, Integer> reasons = new TreeMap<>();
    for (String topic : TOPICS.outputs().all()) {
      for (TestRecord<byte[], byte[]> record : read(driver, topic)) {
        long offset = Long.parseLong(header(record, RecordHeaderNames.SOURCE_OFFSET));
        boolean isLetter = topic.equals(TOPICS.outputs().deadLetter());
        if (isLetter) {
          reasons.merge(header(record, RecordHeaderNames.REASON), 1, Integer::sum);
        }
        assertThat((isLetter ? dead : enriched).decode(record.value(), _ -> null))
            .as("seed %d, offset %d in %s", seed, offset, topic)
            .isInstanceOf(Decoding.Value.class);
        assertThat(record.timestamp())
            .as("seed %d, offset %d in %s", seed, offset, topic)
            .isBetween(
                isLetter ? 0 : START_MILLIS - 24 * HOUR, nowMillis() + (isLetter ? 0 : HOUR));
        outcomes.computeIfAbsent(offset, _ -> new ArrayList<>()).add(topic);
      }
    }
    for (long offset = 0; offset < 2L * ODD; offset++) {
      List<String> found = outcomes.getOrDefault(offset, List.of());
      assertThat(found).as("seed %d, offset %d", seed, offset).hasSize(1);
      if (offset % 2 == 1) {
        assertThat(found).as("seed %d, good one at %d", seed, offset).containsExactly("enriched");
      }
    }
    assertThat(read(driver, "odd-pending-changelog"))
        .as("seed %d", seed)
        .allSatisfy(
            record -> assertThat(record.timestamp()).isLessThanOrEqualTo(nowMillis() + HOUR));
    assertThat(reasons).as("seed %d", seed).doesNotContainKey("INTERNAL_ERROR");
    assertThat(reasons.keySet()).as("seed %d", seed).containsAll(expected(format));
    long odd =
        outcomes.entrySet().stream()
            .filter(entry -> entry.getKey() % 2 == 0)
            .filter(entry -> entry.getValue().contains("enriched"))
            .count();
    assertThat(odd).as("seed %d: odd ones that were enriched", seed).isGreaterThan(ODD / 20);
  }

  /** Kinds of fault that so many records cannot miss: else the test has lost its bite. */
  private static List<String> expected(DocumentFormat format) {
    List<RejectReason> reasons = new ArrayList<>();
    reasons.add(RejectReason.NULL_VALUE);
    reasons.add(RejectReason.INVALID_TEXT);
    reasons.add(RejectReason.INVALID_DOCUMENT);
    reasons.add(RejectReason.TOO_LARGE);
    reasons.add(RejectReason.TOO_LONG);
    switch (format) {
      case AVRO -> {
        reasons.add(RejectReason.BAD_FRAMING);
        reasons.add(RejectReason.UNKNOWN_SCHEMA);
        reasons.add(RejectReason.UNDECODABLE);
      }
      case JSON, CSV -> reasons.add(RejectReason.UNDECODABLE);
      case TEXT -> {}
    }
    return reasons.stream().map(Enum::name).toList();
  }

  private static List<TestRecord<byte[], byte[]>> read(TopologyTestDriver driver, String topic) {
    return driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
