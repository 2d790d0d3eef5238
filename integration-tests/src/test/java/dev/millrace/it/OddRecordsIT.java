package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.EnrichmentMetrics;
import dev.millrace.enrichment.testing.ScriptedEngine;
import dev.millrace.it.OddRecords.Odd;
import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.DocumentFormat;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.records.AvroOutcomes;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.JsonDecoder;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.StreamApplication;
import dev.millrace.streams.config.ApplicationSpec;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sample of {@link OddRecords} through the application on a real broker, whose changelog and
 * outputs refuse timestamps that the input topic takes.
 */
class OddRecordsIT {
  private static final int ODD = 300;
  private static final String AFTER_MAX = "message.timestamp.after.max.ms";
  private static final String BEFORE_MAX = "message.timestamp.before.max.ms";
  private static final List<String> OUTPUTS =
      List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");

  @TempDir private Path directory;

  @Test
  void shouldNeverStopForARecordNorForWhatATopicRefuses() throws Exception {
    long seed = new Random().nextLong();
    try (LocalBroker broker = LocalBroker.start()) {
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of(
                  "topics.partitions", "1",
                  "topics.timestamp", "document",
                  "documents.format", "json",
                  "documents.bytes.max", "4KiB",
                  "topics.record.bytes.max", "16KiB"));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
        // As an earlier release made it: with the documents' timestamps.
        admin
            .createTopics(
                List.of(
                    new NewTopic("it-pending-changelog", Optional.of(1), Optional.empty())
                        .configs(Map.of("cleanup.policy", "compact"))))
            .all()
            .get();
        alter(admin, "documents", AFTER_MAX, Long.MAX_VALUE);
        assertThat(StreamHarness.succeed("topics", "check", "--config", file.toString()))
            .isEqualTo("topics are ready; see 4 warnings above\n");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(KafkaClientProperties.producer(config));
            ScriptedEngine engine =
                new ScriptedEngine(2_000, (prompt, instruction) -> instruction + prompt.length());
            EngineEnricher enricher =
                new EngineEnricher(
                    engine,
                    OddRecordsTest.plan(directory),
                    new EngineEnricher.Settings(
                        "test",
                        ForkJoinPool.commonPool(),
                        () -> Instant.EPOCH,
                        EnrichmentMetrics.NONE));
            StreamApplication application =
                new StreamApplication(
                    config,
                    _ ->
                        new InputParts(
                            new JsonDecoder(),
                            new AvroOutcomes(OddRecordsTest.SCHEMA_IDS, "test"),
                            EnricherChoice.always(enricher),
                            PlanFingerprint.of(Map.of())),
                    new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
          OddRecords records =
              new OddRecords(seed, DocumentFormat.JSON, System.currentTimeMillis());
          for (int i = 0; i < ODD; i++) {
            send(producer, records.next());
            send(producer, good("good-" + i, System.currentTimeMillis()));
          }
          producer.flush();
          application.start();
          judge(config, seed, 2 * ODD);

          alter(admin, "enriched-documents", BEFORE_MAX, Duration.ofHours(1).toMillis());
          long old = System.currentTimeMillis() - Duration.ofDays(2).toMillis();
          send(producer, good("old", old));
          send(producer, good("next", System.currentTimeMillis()));
          producer.flush();
          ConsumerRecord<byte[], byte[]> outcome =
              Objects.requireNonNull(judge(config, seed, 2 * ODD + 2).get(2L * ODD));
          assertThat(outcome.timestamp()).isGreaterThan(old + Duration.ofDays(1).toMillis());
          assertThat(header(outcome, RecordHeaderNames.SOURCE_TIMESTAMP))
              .isEqualTo(Long.toString(old));
          assertThat(application.hasFailed()).isFalse();
        }
      }
    }
  }

  @Test
  void shouldProduceTheGoodLinesOfAFileAndNameTheOthers() throws Exception {
    Path documents = directory.resolve("documents.jsonl");
    Files.write(
        documents,
        List.of(
            "{\"id\":\"a\",\"text\":\"A Python library.\"}",
            "{\"id\":\"b\\ud83d\",\"text\":\"SECRET\"}",
            "{\"text\":5}",
            "\u00ff SECRET",
            "",
            "{\"id\":\"big\",\"text\":\"" + "x".repeat(20_000) + "\"}",
            "{\"id\":7,\"text\":\"A Java library.\"}"),
        StandardCharsets.ISO_8859_1);
    try (LocalBroker broker = LocalBroker.start()) {
      String file =
          StreamHarness.config(
                  directory,
                  broker.bootstrapServers(),
                  "http://127.0.0.1:9",
                  Map.of(
                      "topics.partitions", "1",
                      "documents.format", "json",
                      "documents.bytes.max", "4KiB",
                      "topics.record.bytes.max", "16KiB"))
              .toString();
      StreamHarness.succeed("topics", "create", "--config", file);

      StreamHarness.Said said =
          StreamHarness.run("produce", "--config", file, "--input", documents.toString(), "--json");

      assertThat(said.exitCode()).isEqualTo(1);
      assertThat(said.out()).isEqualTo("{\"produced\":2,\"refused\":4,\"topic\":\"documents\"}\n");
      assertThat(said.err().lines().map(line -> line.replaceFirst(".*documents.jsonl, ", "")))
          .anyMatch(line -> line.startsWith("line 2: INVALID_TEXT: field id"))
          .anyMatch(line -> line.startsWith("line 3: INVALID_DOCUMENT: field text"))
          .anyMatch(line -> line.startsWith("line 4: INVALID_TEXT: it is not UTF-8"))
          .anyMatch(line -> line.startsWith("line 6: TOO_LARGE: "))
          .noneMatch(line -> line.contains("SECRET"));
      try (KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(
              KafkaClientProperties.consumer(
                  ConfigReader.read(ApplicationSpec.SPEC, Path.of(file), Map.of())))) {
        TopicPartition partition = new TopicPartition("documents", 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        List<String> keys = new ArrayList<>();
        long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
        while (keys.size() < 2) {
          assertThat(System.nanoTime()).as("found %s", keys).isLessThan(deadline);
          consumer
              .poll(Duration.ofMillis(100))
              .forEach(record -> keys.add(new String(record.key(), StandardCharsets.UTF_8)));
        }
        assertThat(keys).containsExactly("a", "7");
        assertThat(consumer.endOffsets(List.of(partition))).containsEntry(partition, 2L);
      }
    }
  }

  /** Waits until each offset below {@code count} has one outcome, and looks at all there are. */
  private static Map<Long, ConsumerRecord<byte[], byte[]>> judge(
      Config config, long seed, int count) {
    Map<Long, ConsumerRecord<byte[], byte[]>> outcomes = new HashMap<>();
    List<String> twice = new ArrayList<>();
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
      List<TopicPartition> partitions =
          OUTPUTS.stream().map(topic -> new TopicPartition(topic, 0)).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (outcomes.size() < count) {
        assertThat(System.nanoTime())
            .as("seed %d: %d outcomes of %d", seed, outcomes.size(), count)
            .isLessThan(deadline);
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          long offset = Long.parseLong(header(record, RecordHeaderNames.SOURCE_OFFSET));
          if (outcomes.put(offset, record) != null) {
            twice.add(Long.toString(offset));
          }
        }
      }
    }
    assertThat(twice).as("seed %d: outcomes that came twice", seed).isEmpty();
    assertThat(outcomes.keySet()).allMatch(offset -> offset < count);
    assertThat(
            outcomes.entrySet().stream()
                .filter(entry -> entry.getKey() % 2 == 1)
                .map(entry -> entry.getValue().topic())
                .collect(Collectors.toSet()))
        .as("seed %d: topics of good documents", seed)
        .containsExactly("enriched-documents");
    return outcomes;
  }

  private static Odd good(String id, long timestamp) {
    return OddRecords.good(DocumentFormat.JSON, id, timestamp);
  }

  private static void send(KafkaProducer<byte[], byte[]> producer, Odd odd) {
    var _ =
        producer.send(
            new ProducerRecord<>(
                "documents", null, odd.timestamp(), odd.key(), odd.value(), odd.headers()));
  }

  private static void alter(Admin admin, String topic, String name, long value) throws Exception {
    ConfigEntry entry = new ConfigEntry(name, Long.toString(value));
    admin
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.TOPIC, topic),
                List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
