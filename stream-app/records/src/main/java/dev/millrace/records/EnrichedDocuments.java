package dev.millrace.records;

import static dev.millrace.records.AvroDecoder.orEmpty;
import static dev.millrace.records.AvroDecoder.orNull;

import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.schema.avro.AskedTask;
import dev.millrace.schema.avro.Classification;
import dev.millrace.schema.avro.Coverage;
import dev.millrace.schema.avro.DocumentLanguage;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.schema.avro.LabelProbability;
import dev.millrace.schema.avro.LanguageBasis;
import dev.millrace.schema.avro.Model;
import dev.millrace.schema.avro.NamedClassification;
import dev.millrace.schema.avro.NamedText;
import dev.millrace.schema.avro.Provenance;
import dev.millrace.schema.avro.Safety;
import dev.millrace.schema.avro.SafetyCheck;
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
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** An enrichment as the class of the wire, and back. Immutable. */
public final class EnrichedDocuments {

  private EnrichedDocuments() {}

  private static dev.millrace.schema.avro.@Nullable SourcePosition position(
      @Nullable SourcePosition source) {
    return source == null
        ? null
        : new dev.millrace.schema.avro.SourcePosition(
            source.topic(), source.partition(), source.offset());
  }

  /** The record of an enrichment. */
  static EnrichedDocument toAvro(Enrichment enrichment, @Nullable SourcePosition source) {
    Document document = enrichment.document();
    Answers answers = enrichment.answers();
    return EnrichedDocument.newBuilder()
        .setId(document.id())
        .setDocumentSha256(enrichment.documentSha256())
        .setSourcePosition(position(source))
        .setLanguage(
            new DocumentLanguage(
                enrichment.language().used(),
                LanguageBasis.valueOf(enrichment.language().basis().name()),
                orNull(document.language())))
        .setTitle(orNull(document.title()))
        .setSource(orNull(document.source()))
        .setTenant(orNull(document.tenant()))
        .setAttributes(document.attributes())
        .setDocumentCreatedAt(
            document.createdAt().equals(Instant.EPOCH) ? null : document.createdAt())
        .setSummary(answers.summary().orElse(null))
        .setTexts(
            answers.texts().entrySet().stream()
                .map(text -> new NamedText(text.getKey(), text.getValue()))
                .toList())
        .setClassification(answers.classification().map(EnrichedDocuments::avro).orElse(null))
        .setClassifications(
            answers.classifications().entrySet().stream()
                .map(task -> new NamedClassification(task.getKey(), avro(task.getValue())))
                .toList())
        .setTranslations(
            answers.translations().entrySet().stream()
                .map(text -> new Translation(text.getKey(), text.getValue()))
                .toList())
        .setSafety(answers.safety().map(EnrichedDocuments::avro).orElse(null))
        .setWarnings(
            enrichment.warnings().stream()
                .map(warning -> new Warning(warning.code().name(), warning.field()))
                .toList())
        .setCoverage(avro(enrichment.coverage()))
        .setUsage(avro(enrichment.usage()))
        .setProvenance(avro(enrichment.provenance()))
        .setAttempt(enrichment.attempt())
        .setEnrichedAt(enrichment.enrichedAt())
        .build();
  }

  /** The enrichment in a record. The document has everything but its text. */
  public static Enrichment fromAvro(EnrichedDocument record) {
    Instant createdAt = record.getDocumentCreatedAt();
    return new Enrichment(
        new Document(
            record.getId(),
            "",
            orEmpty(record.getLanguage().getStated()),
            orEmpty(record.getTitle()),
            orEmpty(record.getSource()),
            orEmpty(record.getTenant()),
            record.getAttributes(),
            createdAt == null ? Instant.EPOCH : createdAt),
        record.getDocumentSha256(),
        Optional.ofNullable(record.getSourcePosition())
            .map(from ->
                new Enrichment.SourcePosition(
                    from.getTopic(), from.getPartition(), from.getOffset())),
        new Enrichment.DocumentLanguage(
            record.getLanguage().getUsed(), Basis.valueOf(record.getLanguage().getBasis().name())),
        answers(record),
        record.getWarnings().stream().flatMap(w -> warning(w).stream()).toList(),
        new Enrichment.Coverage(
            record.getCoverage().getCharacters(),
            record.getCoverage().getSpans().stream()
                .map(span -> new Enrichment.Span(span.getStart(), span.getEnd()))
                .toList(),
            record.getCoverage().getFraction()),
        domain(record.getUsage()),
        domain(record.getProvenance()),
        record.getAttempt(),
        record.getEnrichedAt());
  }

  private static Answers answers(EnrichedDocument record) {
    Map<String, String> texts = new LinkedHashMap<>();
    record.getTexts().forEach(t -> texts.put(t.getTask(), t.getText()));
    Map<String, Answers.Classification> classifications = new LinkedHashMap<>();
    record
        .getClassifications()
        .forEach(task -> classifications.put(task.getTask(), domain(task.getClassification())));
    Map<String, String> translations = new LinkedHashMap<>();
    record.getTranslations().forEach(t -> translations.put(t.getLanguage(), t.getText()));
    return new Answers(
        Optional.ofNullable(record.getSummary()),
        texts,
        Optional.ofNullable(record.getClassification()).map(EnrichedDocuments::domain),
        classifications,
        translations,
        Optional.ofNullable(record.getSafety())
            .filter(safety -> !safety.getChecks().isEmpty())
            .map(EnrichedDocuments::domain));
  }

  private static Classification avro(Answers.Classification from) {
    return Classification.newBuilder()
        .setLabel(from.likeliest().map(Answers.Likeliest::label).orElse(null))
        .setProbability(from.likeliest().map(Answers.Likeliest::probability).orElse(null))
        .setMargin(from.likeliest().map(Answers.Likeliest::margin).orElse(null))
        .setLabels(from.labels())
        .setDistribution(
            from.distribution().entrySet().stream()
                .map(entry -> new LabelProbability(entry.getKey(), entry.getValue()))
                .toList())
        .setAbstained(from.abstained())
        .build();
  }

  private static Answers.Classification domain(Classification from) {
    Map<String, Double> distribution = new LinkedHashMap<>();
    from.getDistribution().forEach(p -> distribution.put(p.getLabel(), p.getProbability()));
    @Nullable String label = from.getLabel();
    @Nullable Double probability = from.getProbability();
    @Nullable Double margin = from.getMargin();
    Optional<Answers.Likeliest> likeliest =
        label == null || probability == null || margin == null
            ? Optional.empty()
            : Optional.of(new Answers.Likeliest(label, probability, margin));
    return new Answers.Classification(
        likeliest, from.getLabels(), distribution, from.getAbstained());
  }

  private static Safety avro(Answers.Safety from) {
    return new Safety(
        verdict(from.safe()),
        from.checks().stream()
            .map(check ->
                new SafetyCheck(
                    check.task(),
                    check.text(),
                    check.policyVersion(),
                    verdict(check.safe()),
                    check.categories(),
                    check.score()))
            .toList());
  }

  private static SafetyVerdict verdict(boolean safe) {
    return safe ? SafetyVerdict.SAFE : SafetyVerdict.UNSAFE;
  }

  private static Answers.Safety domain(Safety from) {
    return new Answers.Safety(
        from.getChecks().stream()
            .map(check ->
                new Answers.Safety.Check(
                    check.getTask(),
                    check.getText(),
                    check.getPolicyVersion(),
                    check.getVerdict() == SafetyVerdict.SAFE,
                    check.getCategories(),
                    check.getScore()))
            .toList());
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
    return Coverage.newBuilder()
        .setCharacters(from.characters())
        .setSpans(spans)
        .setFraction(from.fraction())
        .build();
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
        priceOrNull(from.costUsd()),
        priceOrNull(from.apiCostUsd()));
  }

  private static @Nullable Double priceOrNull(OptionalDouble price) {
    return price.isPresent() ? price.getAsDouble() : null;
  }

  private static OptionalDouble price(@Nullable Double price) {
    return price == null ? OptionalDouble.empty() : OptionalDouble.of(price);
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
        price(from.getCostUsd()),
        price(from.getApiCostUsd()));
  }

  private static Provenance avro(Enrichment.Provenance from) {
    return Provenance.newBuilder()
        .setPromptVersion(from.promptVersion())
        .setEngineBuild(from.engineBuild())
        .setModels(
            from.models().entrySet().stream().map(m -> avro(m.getKey(), m.getValue())).toList())
        .setTasks(
            from.tasks().entrySet().stream().map(t -> avro(t.getKey(), t.getValue())).toList())
        .build();
  }

  private static Model avro(String name, Enrichment.Model from) {
    return new Model(
        name,
        from.model(),
        from.modelDigest(),
        from.quantisation(),
        from.backend(),
        orNull(from.kernelBuild()),
        from.determinism());
  }

  private static AskedTask avro(String name, Enrichment.AskedTask from) {
    return AskedTask.newBuilder()
        .setTask(name)
        .setModel(from.model())
        .setAdapter(orNull(from.adapter()))
        .setPromptDigest(from.promptDigest())
        .build();
  }

  private static Enrichment.Provenance domain(Provenance from) {
    Map<String, Enrichment.Model> models = new LinkedHashMap<>();
    from.getModels().forEach(model -> models.put(model.getName(), domain(model)));
    Map<String, Enrichment.AskedTask> tasks = new LinkedHashMap<>();
    from.getTasks()
        .forEach(task ->
            tasks.put(
                task.getTask(),
                new Enrichment.AskedTask(
                    task.getModel(), orEmpty(task.getAdapter()), task.getPromptDigest())));
    return new Enrichment.Provenance(from.getPromptVersion(), from.getEngineBuild(), models, tasks);
  }

  private static Enrichment.Model domain(Model from) {
    return new Enrichment.Model(
        from.getModel(),
        from.getModelDigest(),
        from.getQuantisation(),
        from.getBackend(),
        orEmpty(from.getKernelBuild()),
        from.getDeterminism());
  }
}
