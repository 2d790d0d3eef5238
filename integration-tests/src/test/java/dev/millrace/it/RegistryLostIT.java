package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Document;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeChecker;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.faults.ScriptedEnricher;
import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.records.AvroDecoder;
import dev.millrace.records.AvroOutcomes;
import dev.millrace.records.DocumentEncoder;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.records.SourcePosition;
import dev.millrace.schema.RegistryClient;
import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaRole;
import dev.millrace.servers.LocalServers;
import dev.millrace.streams.StreamApplication;
import dev.millrace.streams.config.ApplicationSpec;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real application and a real registry that is killed while documents flow: those whose schema
 * is known go on, the others wait, and none is rejected for it.
 */
class RegistryLostIT {
  private static final int FIRST = 30;
  private static final int KNOWN = 30;
  private static final int WAITING = 5;

  @TempDir private Path directory;

  @Test
  void shouldKeepDocumentsWhileTheRegistryIsAwayAndFinishThemWhenItIsBack() throws Exception {
    try (LocalServers servers = LocalServers.start()) {
      Path file = StreamHarness.config(directory, servers, Map.of("processing.backoff.max", "2s"));
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      StreamHarness.succeed("schemas", "register", "--config", file.toString());
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      try (RegistryClient deploying = registry(config);
          RegistryClient running = registry(config);
          ScriptedEnricher enricher =
              new ScriptedEnricher(Duration.ofMillis(5), Duration.ofMillis(50), 20261121);
          StreamApplication application =
              new StreamApplication(
                  config,
                  input ->
                      new InputParts(
                          new AvroDecoder(running),
                          new AvroOutcomes(
                              new SchemaDeployment(config, running).outputIds(input), "it"),
                          EnricherChoice.always(enricher),
                          PlanFingerprint.of(Map.of())),
                  new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
          OutcomeWatcher watcher = new OutcomeWatcher(config, outputs())) {
        int known =
            new SchemaDeployment(config, deploying).documentId(config.get(TopicKeys.DOCUMENTS));
        int other = deploying.register("documents-of-another-producer-value", otherSchema());
        assertThat(other).isNotEqualTo(known);
        Probes probes = new Probes(application.healthPort());
        application.start();
        Set<SourcePosition> acknowledged =
            new HashSet<>(
                DocumentLoad.produceBytes(config, FIRST, FIRST, number -> known(number, known)));
        watcher.await(FIRST, StreamHarness.PATIENCE, () -> !application.hasFailed());
        probes.awaitReady(StreamHarness.PATIENCE);

        servers.registry().kill();
        acknowledged.addAll(
            DocumentLoad.produceBytes(config, WAITING, WAITING, number -> other(number, other)));
        acknowledged.addAll(
            DocumentLoad.produceBytes(config, KNOWN, KNOWN, number -> known(number, known)));

        probes.awaitReadiness(
            "the schema registry does not answer: 5 documents", StreamHarness.PATIENCE);
        assertThat(probes.get("/health/live")).isEqualTo("ok\n");
        watcher.await(FIRST + KNOWN, StreamHarness.PATIENCE, () -> !application.hasFailed());
        awaitPending(application, WAITING);
        assertThat(watcher.count()).isEqualTo(FIRST + KNOWN);

        servers.registry().restart();

        watcher.await(
            FIRST + KNOWN + WAITING, StreamHarness.PATIENCE, () -> !application.hasFailed());
        probes.awaitReady(StreamHarness.PATIENCE);
        assertThat(enriched(probes)).isEqualTo(FIRST + KNOWN + WAITING);
        application.stop();
        OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
        assertThat(verdict.problems()).isEmpty();
        assertThat(verdict.outcomes()).isEqualTo(FIRST + KNOWN + WAITING);
      }
    }
  }

  /** The count is told once in a while: it follows the outcomes. */
  private static void awaitPending(StreamApplication application, long expected)
      throws InterruptedException {
    long begin = System.nanoTime();
    while (application.pending() != expected
        && System.nanoTime() - begin < StreamHarness.PATIENCE.toNanos()) {
      Thread.sleep(50);
    }
    assertThat(application.pending()).isEqualTo(expected);
  }

  /** What the application counts as enriched, which is not rejected. */
  private static double enriched(Probes probes) throws Exception {
    return probes
        .get("/metrics")
        .lines()
        .filter(line -> line.startsWith("millrace_outcomes_total{outcome=\"enriched\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static List<String> outputs() {
    return List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");
  }

  private static RegistryClient registry(Config config) {
    return RegistryClient.create(SchemaDeployment.settings(config, Duration.ofSeconds(1)));
  }

  /** A field more at the end: a schema that the application has never seen, and can read. */
  private static Schema otherSchema() {
    Schema current = SchemaCatalog.current().schema(SchemaRole.DOCUMENT);
    List<Schema.Field> fields = new ArrayList<>();
    current.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
    fields.add(
        new Schema.Field(
            "more",
            Schema.createUnion(Schema.create(Schema.Type.NULL), Schema.create(Schema.Type.STRING)),
            null,
            Schema.Field.NULL_DEFAULT_VALUE));
    return Schema.createRecord(
        current.getName(), current.getDoc(), current.getNamespace(), false, fields);
  }

  private static byte[] known(int number, int schemaId) {
    return DocumentEncoder.avro(schemaId).of(Document.of("d-" + number, "text " + number, "en"));
  }

  /** The field at the end is absent: the first branch of its union, one zero byte. */
  private static byte[] other(int number, int schemaId) {
    byte[] known = known(number, schemaId);
    return Arrays.copyOf(known, known.length + 1);
  }
}
