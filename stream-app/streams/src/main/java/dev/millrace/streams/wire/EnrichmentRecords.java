package dev.millrace.streams.wire;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.schema.avro.Classification;
import dev.millrace.schema.avro.Coverage;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.schema.avro.LabelProbability;
import dev.millrace.schema.avro.Provenance;
import dev.millrace.schema.avro.Safety;
import dev.millrace.schema.avro.SafetyVerdict;
import dev.millrace.schema.avro.SourcePosition;
import dev.millrace.schema.avro.Span;
import dev.millrace.schema.avro.Translation;
import dev.millrace.schema.avro.Usage;
import dev.millrace.schema.avro.Warning;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Enrichments as Avro records and back. The document's text is not in the record. */
final class EnrichmentRecords {

  private EnrichmentRecords() {}

  /** The record of an enrichment. */
  static EnrichedDocument toAvro(Enrichment enrichment, SourcePosition source) {
    Document document = enrichment.document();
    return EnrichedDocument.newBuilder()
        .setDocumentId(document.id())
        .setDocumentSha256(enrichment.documentSha256())
        .setSourcePosition(source)
        .setLanguage(orNull(document.language()))
        .setTitle(orNull(document.title()))
        .setSource(orNull(document.source()))
        .setTenant(orNull(document.tenant()))
        .setAttributes(document.attributes())
        .setDocumentCreatedAt(
            document.createdAt().equals(Instant.EPOCH) ? null : document.createdAt())
        .setSummary(enrichment.summary().orElse(null))
        .setClassification(enrichment.classification().map(c -> toAvro(c)).orElse(null))
        .setTranslations(
            enrichment.translations().entrySet().stream()
                .map(text -> new Translation(text.getKey(), text.getValue()))
                .toList())
        .setSafety(enrichment.safety().map(s -> toAvro(s)).orElse(null))
        .setWarnings(
            enrichment.warnings().stream()
                .map(warning -> new Warning(warning.code().name(), warning.field()))
                .toList())
        .setCoverage(
            new Coverage(
                enrichment.coverage().characters(),
                enrichment.coverage().spans().stream()
                    .map(span -> new Span(span.start(), span.end()))
                    .toList(),
                enrichment.coverage().fraction()))
        .setUsage(toAvro(enrichment.usage()))
        .setProvenance(toAvro(enrichment.provenance()))
        .setEnrichedAt(enrichment.enrichedAt().truncatedTo(ChronoUnit.MILLIS))
        .build();
  }

  private static Classification toAvro(Enrichment.Classification from) {
    return new Classification(
        from.label(),
        from.probability(),
        from.margin(),
        from.distribution().entrySet().stream()
            .map(label -> new LabelProbability(label.getKey(), label.getValue()))
            .toList(),
        from.abstained());
  }

  private static Safety toAvro(Enrichment.Safety from) {
    return new Safety(
        from.safe() ? SafetyVerdict.SAFE : SafetyVerdict.UNSAFE,
        from.categories(),
        from.score(),
        from.policyVersion());
  }

  private static Usage toAvro(Enrichment.Usage from) {
    return new Usage(
        from.documentTokens(),
        from.promptTokens(),
        from.cachedTokens(),
        from.generatedTokens(),
        from.requests(),
        from.queueNanos(),
        from.computeNanos(),
        from.costUsd(),
        from.apiCostUsd());
  }

  private static Provenance toAvro(Enrichment.Provenance from) {
    return Provenance.newBuilder()
        .setModel(from.model())
        .setModelDigest(from.modelDigest())
        .setQuantisation(from.quantisation())
        .setAdapter(orNull(from.adapter()))
        .setPromptVersion(from.promptVersion())
        .setEngineBuild(from.engineBuild())
        .setBackend(from.backend())
        .setDeterminism(from.determinism())
        .setAttempt(from.attempt())
        .build();
  }

  /** The enrichment of a record; its document has no text. */
  static Enrichment fromAvro(EnrichedDocument from) {
    Map<String, String> translations = new LinkedHashMap<>();
    from.getTranslations().forEach(text -> translations.put(text.getLanguage(), text.getText()));
    return new Enrichment(
        document(from),
        from.getDocumentSha256(),
        Optional.ofNullable(from.getSummary()),
        Optional.ofNullable(from.getClassification()).map(c -> fromAvro(c)),
        translations,
        Optional.ofNullable(from.getSafety()).map(s -> fromAvro(s)),
        from.getWarnings().stream().flatMap(warning -> fromAvro(warning).stream()).toList(),
        new Enrichment.Coverage(
            from.getCoverage().getCharacters(),
            from.getCoverage().getSpans().stream()
                .map(span -> new Enrichment.Span(span.getStart(), span.getEnd()))
                .toList(),
            from.getCoverage().getFraction()),
        fromAvro(from.getUsage()),
        fromAvro(from.getProvenance()),
        from.getEnrichedAt());
  }

  private static Document document(EnrichedDocument from) {
    return new Document(
        from.getDocumentId(),
        "",
        Objects.requireNonNullElse(from.getLanguage(), ""),
        Objects.requireNonNullElse(from.getTitle(), ""),
        Objects.requireNonNullElse(from.getSource(), ""),
        Objects.requireNonNullElse(from.getTenant(), ""),
        from.getAttributes(),
        Objects.requireNonNullElse(from.getDocumentCreatedAt(), Instant.EPOCH));
  }

  private static Enrichment.Classification fromAvro(Classification from) {
    Map<String, Double> distribution = new LinkedHashMap<>();
    from.getDistribution()
        .forEach(label -> distribution.put(label.getLabel(), label.getProbability()));
    return new Enrichment.Classification(
        from.getLabel(),
        from.getProbability(),
        from.getMargin(),
        distribution,
        from.getAbstained());
  }

  private static Enrichment.Safety fromAvro(Safety from) {
    return new Enrichment.Safety(
        from.getVerdict() == SafetyVerdict.SAFE,
        from.getCategories(),
        from.getScore(),
        from.getPolicyVersion());
  }

  /** Empty for a code of a newer writer. */
  private static Optional<Enrichment.Warning> fromAvro(Warning from) {
    for (Enrichment.Warning.Code code : Enrichment.Warning.Code.values()) {
      if (code.name().equals(from.getCode())) {
        return Optional.of(new Enrichment.Warning(code, from.getField()));
      }
    }
    return Optional.empty();
  }

  private static Enrichment.Usage fromAvro(Usage from) {
    return new Enrichment.Usage(
        from.getDocumentTokens(),
        from.getPromptTokens(),
        from.getCachedTokens(),
        from.getGeneratedTokens(),
        from.getRequests(),
        from.getQueueNanos(),
        from.getComputeNanos(),
        from.getCostUsd(),
        from.getApiCostUsd());
  }

  private static Enrichment.Provenance fromAvro(Provenance from) {
    return new Enrichment.Provenance(
        from.getModel(),
        from.getModelDigest(),
        from.getQuantisation(),
        Objects.requireNonNullElse(from.getAdapter(), ""),
        from.getPromptVersion(),
        from.getEngineBuild(),
        from.getBackend(),
        from.getDeterminism(),
        from.getAttempt());
  }

  /** Absence is the empty text inside, and null on the wire. */
  static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
