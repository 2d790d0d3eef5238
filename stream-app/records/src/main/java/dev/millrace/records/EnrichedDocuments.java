package dev.millrace.records;

import static dev.millrace.records.AvroDecoder.orEmpty;
import static dev.millrace.records.AvroDecoder.orNull;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.schema.avro.Classification;
import dev.millrace.schema.avro.Coverage;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.schema.avro.LabelProbability;
import dev.millrace.schema.avro.Provenance;
import dev.millrace.schema.avro.Safety;
import dev.millrace.schema.avro.SafetyVerdict;
import dev.millrace.schema.avro.Span;
import dev.millrace.schema.avro.Translation;
import dev.millrace.schema.avro.Usage;
import dev.millrace.schema.avro.Warning;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An enrichment as the class of the wire, and back. Immutable. */
public final class EnrichedDocuments {

  private EnrichedDocuments() {}

  private static dev.millrace.schema.avro.SourcePosition position(@Nullable SourcePosition source) {
    if (source == null) {
      throw new IllegalArgumentException("this version of the schema names a source position");
    }
    return new dev.millrace.schema.avro.SourcePosition(
        source.topic(), source.partition(), source.offset());
  }

  /** The record of an enrichment. */
  static EnrichedDocument toAvro(Enrichment enrichment, @Nullable SourcePosition source) {
    Document document = enrichment.document();
    return EnrichedDocument.newBuilder()
        .setDocumentId(document.id())
        .setDocumentSha256(enrichment.documentSha256())
        .setSourcePosition(position(source))
        .setLanguage(orNull(document.language()))
        .setTitle(orNull(document.title()))
        .setSource(orNull(document.source()))
        .setTenant(orNull(document.tenant()))
        .setAttributes(document.attributes())
        .setDocumentCreatedAt(
            document.createdAt().equals(Instant.EPOCH) ? null : document.createdAt())
        .setSummary(enrichment.summary().orElse(null))
        .setClassification(enrichment.classification().map(EnrichedDocuments::avro).orElse(null))
        .setTranslations(
            enrichment.translations().entrySet().stream()
                .map(entry -> new Translation(entry.getKey(), entry.getValue()))
                .toList())
        .setSafety(enrichment.safety().map(EnrichedDocuments::avro).orElse(null))
        .setWarnings(
            enrichment.warnings().stream()
                .map(warning -> new Warning(warning.code().name(), warning.field()))
                .toList())
        .setCoverage(avro(enrichment.coverage()))
        .setUsage(avro(enrichment.usage()))
        .setProvenance(avro(enrichment.provenance()))
        .setEnrichedAt(enrichment.enrichedAt())
        .build();
  }

  /** The enrichment in a record. The document has everything but its text. */
  public static Enrichment fromAvro(EnrichedDocument record) {
    Map<String, String> translations = new LinkedHashMap<>();
    record.getTranslations().forEach(t -> translations.put(t.getLanguage(), t.getText()));
    Instant createdAt = record.getDocumentCreatedAt();
    return new Enrichment(
        new Document(
            record.getDocumentId(),
            "",
            orEmpty(record.getLanguage()),
            orEmpty(record.getTitle()),
            orEmpty(record.getSource()),
            orEmpty(record.getTenant()),
            record.getAttributes(),
            createdAt == null ? Instant.EPOCH : createdAt),
        record.getDocumentSha256(),
        Optional.ofNullable(record.getSummary()),
        Optional.ofNullable(record.getClassification()).map(EnrichedDocuments::domain),
        translations,
        Optional.ofNullable(record.getSafety()).map(EnrichedDocuments::domain),
        record.getWarnings().stream().flatMap(w -> warning(w).stream()).toList(),
        new Enrichment.Coverage(
            record.getCoverage().getCharacters(),
            record.getCoverage().getSpans().stream()
                .map(span -> new Enrichment.Span(span.getStart(), span.getEnd()))
                .toList(),
            record.getCoverage().getFraction()),
        domain(record.getUsage()),
        domain(record.getProvenance()),
        record.getEnrichedAt());
  }

  private static Classification avro(Enrichment.Classification from) {
    return new Classification(
        from.label(),
        from.probability(),
        from.margin(),
        from.distribution().entrySet().stream()
            .map(entry -> new LabelProbability(entry.getKey(), entry.getValue()))
            .toList(),
        from.abstained());
  }

  private static Enrichment.Classification domain(Classification from) {
    Map<String, Double> distribution = new LinkedHashMap<>();
    from.getDistribution().forEach(p -> distribution.put(p.getLabel(), p.getProbability()));
    return new Enrichment.Classification(
        from.getLabel(),
        from.getProbability(),
        from.getMargin(),
        distribution,
        from.getAbstained());
  }

  private static Safety avro(Enrichment.Safety from) {
    return new Safety(
        from.safe() ? SafetyVerdict.SAFE : SafetyVerdict.UNSAFE,
        from.categories(),
        from.score(),
        from.policyVersion());
  }

  private static Enrichment.Safety domain(Safety from) {
    return new Enrichment.Safety(
        from.getVerdict() == SafetyVerdict.SAFE,
        from.getCategories(),
        from.getScore(),
        from.getPolicyVersion());
  }

  /** Empty for a code that this version does not know. */
  private static Optional<Enrichment.Warning> warning(Warning from) {
    for (Enrichment.Warning.Code code : Enrichment.Warning.Code.values()) {
      if (code.name().equals(from.getCode())) {
        return Optional.of(new Enrichment.Warning(code, from.getField()));
      }
    }
    return Optional.empty();
  }

  private static Coverage avro(Enrichment.Coverage from) {
    List<Span> spans =
        from.spans().stream().map(span -> new Span(span.start(), span.end())).toList();
    return new Coverage(from.characters(), spans, from.fraction());
  }

  private static Usage avro(Enrichment.Usage from) {
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

  private static Enrichment.Usage domain(Usage from) {
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

  private static Provenance avro(Enrichment.Provenance from) {
    return Provenance.newBuilder()
        .setModel(from.model())
        .setModelDigest(from.modelDigest())
        .setQuantisation(from.quantisation())
        .setAdapter(orNull(from.adapter()))
        .setPromptVersion(from.promptVersion())
        .setEngineBuild(from.engineBuild())
        .setKernelBuild(null)
        .setBackend(from.backend())
        .setDeterminism(from.determinism())
        .setAttempt(from.attempt())
        .build();
  }

  private static Enrichment.Provenance domain(Provenance from) {
    return new Enrichment.Provenance(
        from.getModel(),
        from.getModelDigest(),
        from.getQuantisation(),
        orEmpty(from.getAdapter()),
        from.getPromptVersion(),
        from.getEngineBuild(),
        from.getBackend(),
        from.getDeterminism(),
        from.getAttempt());
  }
}
