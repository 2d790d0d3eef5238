package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Enrichment.AskedTask;
import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.DocumentLanguage;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Enrichment.Model;
import dev.millrace.enrichment.Enrichment.Provenance;
import dev.millrace.enrichment.Enrichment.SourcePosition;
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
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class JsonOutcomeTest {
  private static final Usage USAGE =
      new Usage(
          7,
          30,
          3,
          12,
          1,
          1_500_000,
          2_250_400,
          OptionalDouble.of(2.2e-6),
          OptionalDouble.of(5e-5));
  private static final Provenance PROVENANCE =
      new Provenance(
          "v1+0",
          "0.1",
          Map.of("main", new Model("demo", "ab12", "none", "cpu/bf16", "cd34", "bitwise")),
          Map.of("summary", new AskedTask("main", "tuned", "ef56")));

  @Test
  void shouldWriteEveryKeyInItsOrder() {
    Map<String, Double> distribution = new LinkedHashMap<>();
    distribution.put("web", 0.75);
    distribution.put("admin", 0.2499999999);
    Map<String, String> translations = new LinkedHashMap<>();
    translations.put("it", "un \"mulino\"");
    translations.put("de", "eine Mühle");
    Classification one =
        Classification.ofOne(new Likeliest("web", 0.75, 0.50000000001), distribution, false);
    Map<String, Classification> named = new LinkedHashMap<>();
    named.put("kind", Classification.ofOne(new Likeliest("x", 0.5, 0), Map.of("x", 0.5), true));
    named.put("tags", Classification.ofAny(List.of("price"), Map.of("price", 0.9)));
    Enrichment enrichment =
        new Enrichment(
            new Document(
                "d1",
                "text",
                "en-GB",
                "A title",
                "a source",
                "a tenant",
                Map.of("colour", "blue"),
                Instant.parse("2026-01-31T12:00:00.500Z")),
            "00",
            Optional.of(new SourcePosition("documents", 3, 77)),
            new DocumentLanguage("en", Basis.STATED),
            new Answers(
                Optional.of("a mill\n"),
                Map.of("title", "Mills"),
                Optional.of(one),
                named,
                translations,
                Optional.of(
                    new Safety(
                        List.of(
                            new Safety.Check(
                                "safety", "document", "p1", false, List.of("S1", "S2"), 0.9))))),
            List.of(new Warning(Warning.Code.ANSWER_CUT, "summary")),
            new Coverage(10_000_000, List.of(new Span(0, 5), new Span(5, 9_999_999)), 0.9999999),
            USAGE,
            PROVENANCE,
            2,
            Instant.parse("2026-01-31T12:00:01Z"));

    assertThat(JsonOutcome.line("d1", new Quarantined(enrichment)))
        .isEqualTo(
            "{\"id\":\"d1\",\"quarantined\":true,\"summary\":\"a mill\\n\","
                + "\"texts\":{\"title\":\"Mills\"},"
                + "\"classification\":{\"label\":\"web\",\"probability\":0.75,\"margin\":0.5,"
                + "\"labels\":[\"web\"],\"abstained\":false,"
                + "\"distribution\":{\"web\":0.75,\"admin\":0.25}},"
                + "\"classifications\":{"
                + "\"kind\":{\"label\":\"x\",\"probability\":0.5,\"margin\":0.0,"
                + "\"labels\":[],\"abstained\":true,\"distribution\":{\"x\":0.5}},"
                + "\"tags\":{\"labels\":[\"price\"],\"abstained\":false,"
                + "\"distribution\":{\"price\":0.9}}},"
                + "\"translations\":{\"it\":\"un \\\"mulino\\\"\",\"de\":\"eine Mühle\"},"
                + "\"safety\":{\"verdict\":\"UNSAFE\",\"checks\":[{\"task\":\"safety\","
                + "\"text\":\"document\",\"policyVersion\":\"p1\",\"verdict\":\"UNSAFE\","
                + "\"categories\":[\"S1\",\"S2\"],\"score\":0.9}]},"
                + "\"warnings\":[{\"code\":\"ANSWER_CUT\",\"field\":\"summary\"}],"
                + "\"coverage\":{\"characters\":10000000,\"fraction\":0.999999,"
                + "\"spans\":[[0,5],[5,9999999]]},"
                + "\"documentSha256\":\"00\","
                + "\"language\":{\"used\":\"en\",\"basis\":\"STATED\",\"stated\":\"en-GB\"},"
                + "\"title\":\"A title\",\"source\":\"a source\",\"tenant\":\"a tenant\","
                + "\"attributes\":{\"colour\":\"blue\"},"
                + "\"documentCreatedAt\":\"2026-01-31T12:00:00.500Z\","
                + "\"provenance\":{\"promptVersion\":\"v1+0\",\"engineBuild\":\"0.1\","
                + "\"models\":{\"main\":{\"model\":\"demo\",\"modelDigest\":\"ab12\","
                + "\"quantisation\":\"none\",\"backend\":\"cpu/bf16\",\"kernelBuild\":\"cd34\","
                + "\"determinism\":\"bitwise\"}},"
                + "\"tasks\":{\"summary\":{\"model\":\"main\",\"adapter\":\"tuned\","
                + "\"promptDigest\":\"ef56\"}}},"
                + "\"sourcePosition\":{\"topic\":\"documents\",\"partition\":3,\"offset\":77},"
                + "\"attempt\":2,\"enrichedAt\":\"2026-01-31T12:00:01Z\","
                + "\"usage\":{\"documentTokens\":7,\"promptTokens\":30,\"cachedTokens\":3,"
                + "\"generatedTokens\":12,\"requests\":1,\"queueNanos\":1500000,"
                + "\"computeNanos\":2250400,\"costUsd\":2.2E-6,\"apiCostUsd\":5.0E-5}}");
  }

  @Test
  void shouldLeaveOutWhatIsAbsentButNeverCallAnUnknownPriceNothing() {
    Enrichment enrichment =
        new Enrichment(
            Document.of("d1", "text", ""),
            "00",
            Optional.empty(),
            new DocumentLanguage("en", Basis.ASSUMED),
            Answers.NONE,
            List.of(),
            new Coverage(3, List.of(new Span(0, 3)), 1),
            new Usage(1, 2, 3, 4, 5, 6, 7, OptionalDouble.empty(), OptionalDouble.empty()),
            new Provenance(
                "v1+0",
                "0.1",
                Map.of("main", new Model("demo", "ab12", "none", "cpu/f32", "", "bitwise")),
                Map.of("summary", new AskedTask("main", "", "ef56"))),
            1,
            Instant.EPOCH);

    assertThat(JsonOutcome.line("d1", new Enriched(enrichment)))
        .isEqualTo(
            "{\"id\":\"d1\",\"translations\":{},"
                + "\"coverage\":{\"characters\":3,\"fraction\":1.0,\"spans\":[[0,3]]},"
                + "\"documentSha256\":\"00\",\"language\":{\"used\":\"en\",\"basis\":\"ASSUMED\"},"
                + "\"provenance\":{\"promptVersion\":\"v1+0\",\"engineBuild\":\"0.1\","
                + "\"models\":{\"main\":{\"model\":\"demo\",\"modelDigest\":\"ab12\","
                + "\"quantisation\":\"none\",\"backend\":\"cpu/f32\","
                + "\"determinism\":\"bitwise\"}},"
                + "\"tasks\":{\"summary\":{\"model\":\"main\",\"promptDigest\":\"ef56\"}}},"
                + "\"attempt\":1,\"enrichedAt\":\"1970-01-01T00:00:00Z\","
                + "\"usage\":{\"documentTokens\":1,\"promptTokens\":2,\"cachedTokens\":3,"
                + "\"generatedTokens\":4,\"requests\":5,\"queueNanos\":6,\"computeNanos\":7,"
                + "\"costUsd\":null,\"apiCostUsd\":null}}");
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
}
