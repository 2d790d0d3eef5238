package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Enrichment.Classification;
import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.Provenance;
import dev.millrace.enrichment.Enrichment.Safety;
import dev.millrace.enrichment.Enrichment.Span;
import dev.millrace.enrichment.Enrichment.Usage;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JsonOutcomeTest {
  private static final Usage USAGE = new Usage(7, 30, 3, 12, 1, 1_500_000, 2_250_400, 2.2e-6, 5e-5);
  private static final Provenance PROVENANCE =
      new Provenance("demo", "ab12", "none", "", "v1+0", "0.1", "cpu/bf16", "bitwise", 1);
  private static final String END =
      "\"provenance\":{\"model\":\"demo\",\"modelDigest\":\"ab12\",\"quantisation\":\"none\","
          + "\"promptVersion\":\"v1+0\",\"backend\":\"cpu/bf16\",\"determinism\":\"bitwise\"},"
          + "\"usage\":{\"documentTokens\":7,\"promptTokens\":30,\"cachedTokens\":3,"
          + "\"generatedTokens\":12,\"requests\":1,\"queueMillis\":1.5,\"computeMillis\":2.25,"
          + "\"costUsd\":2.2E-6,\"apiCostUsd\":5.0E-5}}";

  @Test
  void shouldWriteEveryKeyInItsOrder() {
    Map<String, Double> distribution = new LinkedHashMap<>();
    distribution.put("web", 0.75);
    distribution.put("admin", 0.2499999999);
    Map<String, String> translations = new LinkedHashMap<>();
    translations.put("it", "un \"mulino\"");
    translations.put("de", "eine Mühle");
    Enrichment enrichment =
        enrichment(
            Optional.of("a mill\n"),
            Optional.of(new Classification("web", 0.75, 0.50000000001, distribution, false)),
            translations,
            Optional.of(new Safety(false, List.of("S1", "S2"), 0.9, "p1")),
            List.of(new Warning(Warning.Code.ANSWER_CUT, "summary")),
            new Coverage(10_000_000, List.of(new Span(0, 5), new Span(5, 9_999_999)), 0.9999999));

    assertThat(JsonOutcome.line("d1", new Quarantined(enrichment)))
        .isEqualTo(
            "{\"id\":\"d1\",\"quarantined\":true,\"summary\":\"a mill\\n\","
                + "\"classification\":{\"label\":\"web\",\"probability\":0.75,\"margin\":0.5,"
                + "\"abstained\":false,\"distribution\":{\"web\":0.75,\"admin\":0.25}},"
                + "\"translations\":{\"it\":\"un \\\"mulino\\\"\",\"de\":\"eine Mühle\"},"
                + "\"safety\":{\"safe\":false,\"categories\":[\"S1\",\"S2\"],\"score\":0.9,"
                + "\"policyVersion\":\"p1\"},"
                + "\"warnings\":[{\"code\":\"ANSWER_CUT\",\"field\":\"summary\"}],"
                + "\"coverage\":{\"characters\":10000000,\"fraction\":0.999999,"
                + "\"spans\":[[0,5],[5,9999999]]},"
                + END);
  }

  @Test
  void shouldLeaveOutWhatWasNotAskedFor() {
    Enrichment enrichment =
        enrichment(
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            List.of(),
            new Coverage(3, List.of(new Span(0, 3)), 1));

    assertThat(JsonOutcome.line("d1", new Enriched(enrichment)))
        .isEqualTo(
            "{\"id\":\"d1\",\"translations\":{},"
                + "\"coverage\":{\"characters\":3,\"fraction\":1.0,\"spans\":[[0,3]]},"
                + END);
  }

  @Test
  void shouldWriteAFaultWithItsReason() {
    assertThat(
            JsonOutcome.line("d\u0001", new Rejected(RejectReason.TOO_LONG, "found \"9\", want 3")))
        .isEqualTo(
            "{\"id\":\"d\\u0001\",\"error\":{\"reason\":\"TOO_LONG\","
                + "\"message\":\"found \\\"9\\\", want 3\"}}");
    assertThat(JsonOutcome.error(null, "UNDECODABLE", "line 3"))
        .isEqualTo("{\"id\":null,\"error\":{\"reason\":\"UNDECODABLE\",\"message\":\"line 3\"}}");
  }

  private static Enrichment enrichment(
      Optional<String> summary,
      Optional<Classification> classification,
      Map<String, String> translations,
      Optional<Safety> safety,
      List<Warning> warnings,
      Coverage coverage) {
    return new Enrichment(
        Document.of("d1", "text", "en"),
        "00",
        summary,
        classification,
        translations,
        safety,
        warnings,
        coverage,
        USAGE,
        PROVENANCE,
        Instant.EPOCH);
  }
}
