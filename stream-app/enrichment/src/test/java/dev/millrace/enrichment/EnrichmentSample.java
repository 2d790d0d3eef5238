package dev.millrace.enrichment;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Enrichment.AskedTask;
import dev.millrace.enrichment.Enrichment.DocumentLanguage;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Enrichment.Model;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** An enrichment that has everything, and one that has as little as possible. */
public final class EnrichmentSample {

  private EnrichmentSample() {}

  /** Every field is set, to a value that no other field has. */
  public static Enrichment full() {
    Map<String, Double> distribution = new LinkedHashMap<>();
    distribution.put("science", 0.7);
    distribution.put("admin", 0.2);
    distribution.put("x11", 0.1);
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("long", "a long summary");
    texts.put("advice", "advice");
    Map<String, Classification> classifications = new LinkedHashMap<>();
    classifications.put(
        "urgency",
        Classification.ofOne(new Likeliest("high", 0.6, 0.2), Map.of("high", 0.6), false));
    classifications.put("tags", Classification.ofAny(List.of("price"), Map.of("price", 0.8)));
    Map<String, String> translations = new LinkedHashMap<>();
    translations.put("it", "un testo");
    translations.put("de", "ein Text");
    Map<String, Model> models = new LinkedHashMap<>();
    models.put("main", new Model("model", "cd".repeat(32), "int4", "cpu/bf16", "k7", "bits"));
    models.put("guard", new Model("guard-8b", "ef".repeat(32), "none", "cpu/f32", "", "bitwise"));
    Map<String, AskedTask> tasks = new LinkedHashMap<>();
    tasks.put("summary", new AskedTask("main", "adapter", "0123456789ab"));
    tasks.put("safety", new AskedTask("guard", "", "ba9876543210"));
    return new Enrichment(
        new Document(
            "doc-1",
            "",
            "en-GB",
            "A title",
            "a source",
            "a tenant",
            Map.of("colour", "blue"),
            Instant.ofEpochMilli(1_700_000_000_123L)),
        "ab".repeat(32),
        Optional.of(new Enrichment.SourcePosition("documents", 3, 77)),
        new DocumentLanguage("en", Basis.STATED),
        new Answers(
            Optional.of("a summary"),
            texts,
            Optional.of(
                Classification.ofOne(new Likeliest("science", 0.7, 0.5), distribution, true)),
            classifications,
            translations,
            Optional.of(
                new Safety(
                    List.of(
                        new Safety.Check(
                            "safety", "document", "policy-3", false, List.of("S2", "S9"), 0.9),
                        new Safety.Check(
                            "safety", "summary", "policy-4", true, List.of(), 0.05))))),
        List.of(new Enrichment.Warning(Enrichment.Warning.Code.ANSWER_CUT, "summary")),
        new Enrichment.Coverage(
            20, List.of(new Enrichment.Span(0, 5), new Enrichment.Span(10, 20)), 0.75),
        new Enrichment.Usage(
            11, 12, 13, 14, 15, 16, 17, OptionalDouble.of(0.5), OptionalDouble.of(0.25)),
        new Enrichment.Provenance("prompt-2", "0.1.0", models, tasks),
        3,
        Instant.ofEpochMilli(1_700_000_001_456L));
  }

  /** Whatever may be absent is. */
  public static Enrichment bare() {
    return new Enrichment(
        Document.of("doc-2", "", ""),
        full().documentSha256(),
        Optional.empty(),
        new DocumentLanguage("de", Basis.ASSUMED),
        Answers.NONE,
        List.of(),
        new Enrichment.Coverage(0, List.of(), 1),
        new Enrichment.Usage(0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty(), OptionalDouble.empty()),
        new Enrichment.Provenance("p", "e", Map.of(), Map.of()),
        1,
        Instant.ofEpochMilli(1));
  }
}
