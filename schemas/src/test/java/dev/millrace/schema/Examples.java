package dev.millrace.schema;

import dev.millrace.schema.avro.AskedTask;
import dev.millrace.schema.avro.Classification;
import dev.millrace.schema.avro.Coverage;
import dev.millrace.schema.avro.DeadLetter;
import dev.millrace.schema.avro.DeadLetterHeader;
import dev.millrace.schema.avro.DeadLetterPosition;
import dev.millrace.schema.avro.Document;
import dev.millrace.schema.avro.DocumentLanguage;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.schema.avro.ExtractedField;
import dev.millrace.schema.avro.Extraction;
import dev.millrace.schema.avro.Image;
import dev.millrace.schema.avro.ImageCoverage;
import dev.millrace.schema.avro.LabelProbability;
import dev.millrace.schema.avro.LanguageBasis;
import dev.millrace.schema.avro.ListItem;
import dev.millrace.schema.avro.Model;
import dev.millrace.schema.avro.NamedClassification;
import dev.millrace.schema.avro.NamedList;
import dev.millrace.schema.avro.NamedText;
import dev.millrace.schema.avro.Pii;
import dev.millrace.schema.avro.PiiEntity;
import dev.millrace.schema.avro.Provenance;
import dev.millrace.schema.avro.Reuse;
import dev.millrace.schema.avro.Safety;
import dev.millrace.schema.avro.SafetyCheck;
import dev.millrace.schema.avro.SafetyVerdict;
import dev.millrace.schema.avro.SourcePosition;
import dev.millrace.schema.avro.Span;
import dev.millrace.schema.avro.Translation;
import dev.millrace.schema.avro.Usage;
import dev.millrace.schema.avro.Warning;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/**
 * One fixed record of each role with every field set. Their bytes are golden: never change them.
 */
final class Examples {

  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00.123Z");

  private Examples() {}

  static SpecificRecord of(SchemaRole role) {
    return switch (role) {
      case DOCUMENT -> document();
      case ENRICHED_DOCUMENT -> enriched();
      case DEAD_LETTER -> deadLetter();
    };
  }

  static Class<? extends SpecificRecord> type(SchemaRole role) {
    return switch (role) {
      case DOCUMENT -> Document.class;
      case ENRICHED_DOCUMENT -> EnrichedDocument.class;
      case DEAD_LETTER -> DeadLetter.class;
    };
  }

  static Document document() {
    return Document.newBuilder()
        .setId("doc-1")
        .setText("Zwölf Boxkämpfer. 漢字 \uD83D\uDE00")
        .setLanguage("de")
        .setTitle("A title")
        .setSource("https://example.org/1")
        .setTenant("acme")
        .setAttributes(Map.of("key", "value"))
        .setImages(
            List.of(
                Image.newBuilder()
                    .setId("i1")
                    .setMediaType("image/png")
                    .setBytes(bytes("png"))
                    .setCaption("A caption")
                    .build()))
        .setCreatedAt(NOON)
        .build();
  }

  static EnrichedDocument enriched() {
    return EnrichedDocument.newBuilder()
        .setId("doc-1")
        .setDocumentSha256("ab".repeat(32))
        .setSourcePosition(new SourcePosition("documents", 3, 1L << 40))
        .setLanguage(new DocumentLanguage("de", LanguageBasis.STATED, "de-CH"))
        .setTitle("A title")
        .setSource("https://example.org/1")
        .setTenant("acme")
        .setAttributes(Map.of("key", "value"))
        .setDocumentCreatedAt(NOON)
        .setSummary("A summary.")
        .setTexts(List.of(new NamedText("long", "A longer summary.")))
        .setClassification(
            new Classification(
                "sport",
                0.75,
                0.5,
                List.of("sport"),
                List.of(new LabelProbability("sport", 0.75), new LabelProbability("law", 0.25)),
                false))
        .setClassifications(
            List.of(
                new NamedClassification(
                    "tags",
                    new Classification(
                        null,
                        null,
                        null,
                        List.of("price"),
                        List.of(
                            new LabelProbability("price", 0.875),
                            new LabelProbability("delivery", 0.125)),
                        false))))
        .setTranslations(List.of(new Translation("it", "Dodici pugili.")))
        .setExtractions(List.of(extraction()))
        .setLists(
            List.of(
                new NamedList(
                    "entities", List.of(new ListItem("ANIMAL", "fox", new Span(4, 7), 2)))))
        .setPii(
            new Pii(
                "pii-2", true, List.of(new PiiEntity("EMAIL", new Span(3, 9), 2, 8, "RULE", 0.5))))
        .setSafety(
            new Safety(
                SafetyVerdict.UNSAFE,
                List.of(
                    new SafetyCheck(
                        "safety",
                        "document",
                        "p1",
                        SafetyVerdict.UNSAFE,
                        List.of("S2", "S9"),
                        0.875))))
        .setWarnings(List.of(new Warning("ANSWER_CUT", "summary")))
        .setCoverage(
            new Coverage(
                24,
                List.of(new Span(0, 10), new Span(12, 24)),
                0.9,
                List.of(new ImageCoverage("i1", "12".repeat(32), true))))
        .setUsage(new Usage(9, 40, 20, 15, 2, 1_000L, 2_000_000_000L, 0.001, null))
        .setProvenance(provenance())
        .setAttempt(2)
        .setEnrichedAt(NOON)
        .build();
  }

  private static Extraction extraction() {
    return new Extraction(
        "invoice",
        "invoices-value",
        "34".repeat(32),
        3,
        "{\"number\":\"7\"}",
        List.of(new ExtractedField("/number", -0.5, -0.25, 0.75, 0.875, new Span(1, 2), 1, false)));
  }

  private static Provenance provenance() {
    return new Provenance(
        "contracts",
        "3+0123456789ab",
        "0.1.0",
        List.of(
            new Model(
                "main", "pilot", "cd".repeat(32), "none", "cpu/bf16", "k7", "batch-invariant")),
        List.of(
            new AskedTask(
                "summary",
                "main",
                "adapter",
                "ba9876543210",
                new Reuse(NOON, new SourcePosition("documents", 1, 9L), "0.0.9"))));
  }

  static DeadLetter deadLetter() {
    return DeadLetter.newBuilder()
        .setReason("UNDECODABLE")
        .setMessage("found 3 bytes, expected a record")
        .setSourcePosition(new DeadLetterPosition("documents", 3, 77L))
        .setKey(bytes("key"))
        .setValue(bytes("\u0001\u0002\u0003"))
        .setValueLength(3)
        .setValueSha256("ef".repeat(32))
        .setValueTruncated(true)
        .setHeaders(List.of(new DeadLetterHeader("h", bytes("v")), new DeadLetterHeader("n", null)))
        .setRecordTimestamp(NOON)
        .setAttempt(3)
        .setRedrives(1)
        .setEngineBuild("0.1.0")
        .setRejectedAt(NOON)
        .build();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
