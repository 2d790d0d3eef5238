package dev.millrace.streams.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.EnrichmentSample;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.cluster.PartitionMeters;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.metrics.EngineMeters;
import dev.millrace.operations.metrics.EnrichmentMeters;
import dev.millrace.operations.metrics.Meters;
import dev.millrace.operations.metrics.Metric;
import dev.millrace.streams.ProcessorMeters;
import dev.millrace.streams.processor.PendingId;
import dev.millrace.streams.processor.ProcessorMonitor.Load;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MetricTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ProcessorMeters processor =
      new ProcessorMeters(registry, InstantSource.fixed(Instant.ofEpochMilli(10_000)));
  private final EngineMeters engine = new EngineMeters(registry);
  private final EnrichmentMeters enricher = new EnrichmentMeters(registry);

  private void reportEverything() {
    processor.load("0_0", new Load(5, 2, 3, 1, 0, 4_000));
    processor.rejected(RejectReason.TOO_LONG, 12);
    processor.retry(Deferral.Cause.DEADLINE, "late");
    processor.enriched(EnrichmentSample.full(), false, 12);
    processor.staleCompletion();
    processor.resubmitted(7, 2);
    processor.suspected(new PendingId("documents", 0, 1), 2);
    enricher.branch("summary", 30, 4);
    enricher.branch("summary", 3, 1);
    enricher.branch("translations.it", 20, 9);
    enricher.warning(new Warning(Warning.Code.ANSWER_CUT, "summary"));
    engine.step("main", 1, 2, 3);
    engine.request("main", 1, 1, 1, 1, 10, 20);
    engine.failure("main", "DEADLINE");
    engine.load("main", 4, 5, 6);
    new Meters(registry).gauge(Metric.INFO, () -> 1, "0.1.0", "main", "ab12", "main=cd34");
    PartitionMeters.register(
        registry,
        List.of(TopicSelection.named("documents"), TopicSelection.named("enriched")),
        topic -> topic.contains("documents") ? 2 : 0,
        topic -> topic.contains("documents") ? 1300.5 : 0);
  }

  @Test
  void shouldServeUnderTheNamesOfTheReferencePage() {
    reportEverything();

    String text = registry.scrape();

    assertThat(text)
        .contains("millrace_documents_pending{stream_task=\"0_0\"} 5")
        .contains("millrace_documents_pending_age_seconds{stream_task=\"0_0\"} 6")
        .contains("millrace_document_time_seconds_bucket{outcome=\"enriched\",le=\"0.05\"} 1")
        .contains(
            "millrace_instance{build=\"0.1.0\",input=\"main\",models=\"main=cd34\",plan=\"ab12\"} 1")
        .contains("millrace_document_queue_time_seconds_bucket")
        .contains("millrace_document_compute_time_seconds_count 1")
        .contains("millrace_outcomes_total{outcome=\"rejected\",reason=\"TOO_LONG\"} 1")
        .contains("millrace_documents_resubmitted_total 7")
        .contains("millrace_documents_suspected_total 1")
        .contains("millrace_partitions_hanging{topic=\"documents\"} 2")
        .contains("millrace_partitions_hanging{topic=\"enriched\"} 0")
        .contains("millrace_partitions_hanging_age_seconds{topic=\"documents\"} 1300.5")
        .contains("millrace_answers_total{field=\"summary\"} 2")
        .contains("millrace_answers_tokens_total{field=\"summary\",kind=\"prefilled\"} 33")
        .contains("millrace_answers_tokens_total{field=\"summary\",kind=\"generated\"} 5")
        .contains("millrace_answers_tokens_total{field=\"translations.it\",kind=\"generated\"} 9")
        .contains("millrace_answers_warnings_total{field=\"summary\",warning=\"ANSWER_CUT\"} 1")
        .contains("millrace_engine_step_seconds_count{model=\"main\",phase=\"mixed\"} 1")
        .contains("millrace_engine_requests_waiting{model=\"main\"} 4");
    for (String line : text.lines().filter(line -> line.startsWith("# TYPE")).toList()) {
      String name = line.split(" ")[2];
      assertThat(Arrays.stream(Metric.values()).map(Metric::prometheusName))
          .as("declared: %s", name)
          .anyMatch(declared -> declared.equals(name) || name.equals(declared + "_max"));
    }
  }

  @Test
  void shouldEmitOnlyDeclaredMetersWithDeclaredTags() {
    reportEverything();
    Map<String, Metric> declared =
        Arrays.stream(Metric.values())
            .collect(Collectors.toMap(Metric::meter, Function.identity()));

    for (Meter meter : registry.getMeters()) {
      Metric metric = declared.get(meter.getId().getName());
      assertThat(metric).as(meter.getId().getName()).isNotNull();
      assertThat(meter.getId().getTags().stream().map(Tag::getKey))
          .containsExactlyInAnyOrderElementsOf(Objects.requireNonNull(metric).tags());
    }
  }

  @Test
  void shouldForgetTheGaugesOfATaskThatLeft() {
    reportEverything();

    processor.taskClosed("0_0");

    assertThat(registry.scrape()).doesNotContain("task=\"0_0\"");
  }

  @Test
  void shouldRefuseAMetricOfAnotherKind() {
    assertThatThrownBy(() -> new Meters(registry).counter(Metric.DOCUMENT_TIME, "x"))
        .hasMessageContaining("HISTOGRAM");
    assertThatThrownBy(() -> new Meters(registry).counter(Metric.OUTCOMES, "x"))
        .hasMessageContaining("1 values");
  }

  @Test
  void shouldKeepTheReferencePageCurrent() {
    GeneratedPage.check("reference/metrics.md", MetricsReference.markdown());
  }
}
