package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.EngineEnricher.Settings;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.testing.CharacterTokenizer;
import dev.millrace.enrichment.testing.OutcomeRecorder;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;

/** A plan, a model that echoes, and short ways to ask them. Owned by one test. */
abstract class EnricherKit {
  static final String TASKS =
      """
      promptVersion: t1
      documents: {tokensMax: 100, partsMax: 4, beyond: reject}
      tasks:
        summarise: {instruction: "/sum", reduceInstruction: "/join", tokensMax: 40}
        classify: {instruction: "/kind", labels: [a, ab, {name: See, text: c}], abstainBelow: 0.2}
        translate:
          - {to: it, from: [en], instruction: "/it", tokensMax: 300, tokensPerDocumentToken: 2}
          - {to: en, instruction: "/en", tokensMax: 300}
      prices: {deviceHourUsd: 3.6, apiInputMillionUsd: 1, apiOutputMillionUsd: 10}
      """;
  static final String SCREENED =
      TASKS.replace(
          "prices:",
          """
            screen:
              instruction: "/safe {categories}"
              policyVersion: p1
              categories: {S1: Knives., S2: Forks.}
              threshold: 0.6
          prices:\
          """);

  /** Says in what it answers what it was asked. */
  static class Echo implements Script {
    @Override
    public String generate(String prompt, String instruction) {
      return switch (instruction) {
        case "/sum" -> " sum(" + prompt.substring(0, Math.min(8, prompt.length())) + ") ";
        case "/join" -> "join(" + prompt.replace('\n', '+').length() + ")";
        case "/it" -> "IT<" + prompt + ">";
        case "/en" -> "EN<" + prompt + ">";
        default -> "safe";
      };
    }
  }

  private final List<AutoCloseable> opened = new ArrayList<>();
  final AtomicLong clock = new AtomicLong(1_700_000_000L);

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  static Document doc(String text) {
    return Document.of("d", text, "en");
  }

  /** What a map has under a key; it must be there. */
  static <V> V of(Map<String, V> map, String key) {
    assertThat(map).containsKey(key);
    return Objects.requireNonNull(map.get(key));
  }

  static String text(int[] ids) {
    return new CharacterTokenizer().decode(ids);
  }

  ScriptedEngine engine(Script script) {
    return track(new ScriptedEngine(2000, script));
  }

  Settings settings() {
    InstantSource source = () -> Instant.ofEpochSecond(clock.get());
    return new Settings("build", ForkJoinPool.commonPool(), source, EnrichmentMetrics.NONE);
  }

  EngineEnricher enricher(ScriptedEngine engine, String plan) {
    return track(new EngineEnricher(engine, PlanReader.parse(plan, "test"), settings()));
  }

  <T extends AutoCloseable> T track(T closeable) {
    opened.add(closeable);
    return closeable;
  }

  /** Documents reach the engine on the enricher's own threads, some after a release. */
  static void releaseUntilAnswered(ScriptedEngine engine, OutcomeRecorder... recorders) {
    for (OutcomeRecorder recorder : recorders) {
      while (!recorder.called()) {
        engine.release();
        Thread.onSpinWait();
      }
    }
  }

  Object answer(EngineEnricher enricher, Document document) {
    OutcomeRecorder recorder = new OutcomeRecorder();
    enricher.submit(this, document, 2, Long.MAX_VALUE, recorder);
    Object answer = recorder.await();
    assertThat(recorder.calls()).isEqualTo(1);
    return answer;
  }

  Outcome outcome(EngineEnricher enricher, Document document) {
    return (Outcome) answer(enricher, document);
  }

  Enrichment enriched(EngineEnricher enricher, Document document) {
    return ((Enriched) outcome(enricher, document)).enrichment();
  }

  RejectReason reason(EngineEnricher enricher, Document document) {
    return ((Rejected) outcome(enricher, document)).reason();
  }
}
