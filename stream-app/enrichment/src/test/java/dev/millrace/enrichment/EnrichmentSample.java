package dev.millrace.enrichment;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An enrichment that has everything, and one that has as little as possible. */
public final class EnrichmentSample {

  private EnrichmentSample() {}

  /** Every field is set, to a value that no other field has. */
  public static Enrichment full() {
    Map<String, Double> distribution = new LinkedHashMap<>();
    distribution.put("science", 0.7);
    distribution.put("admin", 0.2);
    distribution.put("x11", 0.1);
    Map<String, String> translations = new LinkedHashMap<>();
    translations.put("it", "un testo");
    translations.put("de", "ein Text");
    return new Enrichment(
        new Document(
            "doc-1",
            "",
            "en",
            "A title",
            "a source",
            "a tenant",
            Map.of("colour", "blue"),
            Instant.ofEpochMilli(1_700_000_000_123L)),
        "ab".repeat(32),
        Optional.of("a summary"),
        Optional.of(new Enrichment.Classification("science", 0.7, 0.5, distribution, true)),
        translations,
        Optional.of(new Enrichment.Safety(false, List.of("S2", "S9"), 0.9, "policy-3")),
        List.of(new Enrichment.Warning(Enrichment.Warning.Code.ANSWER_CUT, "summary")),
        new Enrichment.Coverage(
            20, List.of(new Enrichment.Span(0, 5), new Enrichment.Span(10, 20)), 0.75),
        new Enrichment.Usage(11, 12, 13, 14, 15, 16, 17, 0.5, 0.25),
        new Enrichment.Provenance(
            "model",
            "cd".repeat(32),
            "int4",
            "adapter",
            "prompt-2",
            "0.1.0",
            "cpu/bf16",
            "bits",
            3),
        Instant.ofEpochMilli(1_700_000_001_456L));
  }

  /** Whatever may be absent is. */
  public static Enrichment bare() {
    Enrichment full = full();
    return new Enrichment(
        Document.of("doc-2", "", ""),
        full.documentSha256(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        List.of(),
        new Enrichment.Coverage(0, List.of(), 1),
        new Enrichment.Usage(0, 0, 0, 0, 0, 0, 0, 0, 0),
        new Enrichment.Provenance("m", "d", "none", "", "p", "e", "b", "s", 1),
        Instant.ofEpochMilli(1));
  }
}
