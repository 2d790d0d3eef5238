package dev.millrace.flink.types;

import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.AskedTask;
import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.DocumentLanguage;
import dev.millrace.enrichment.Enrichment.Model;
import dev.millrace.enrichment.Enrichment.Provenance;
import dev.millrace.enrichment.Enrichment.SourcePosition;
import dev.millrace.enrichment.Enrichment.Span;
import dev.millrace.enrichment.Enrichment.Usage;
import dev.millrace.enrichment.Enrichment.Warning;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Enrichments, field by field in the order of the class. Nothing is lost, the text included. */
final class EnrichmentFormat {

  private EnrichmentFormat() {}

  static void write(Enrichment enrichment, DataOutputView out) throws IOException {
    DocumentSerializer.INSTANCE.write(enrichment.document(), out);
    Fields.text(out, enrichment.documentSha256());
    Fields.optional(
        out,
        enrichment.sourcePosition(),
        (to, position) -> {
          Fields.text(to, position.topic());
          to.writeInt(position.partition());
          to.writeLong(position.offset());
        });
    Fields.text(out, enrichment.language().used());
    Fields.name(out, enrichment.language().basis());
    write(enrichment.answers(), out);
    Fields.list(
        out,
        enrichment.warnings(),
        (to, warning) -> {
          Fields.name(to, warning.code());
          Fields.text(to, warning.field());
        });
    write(enrichment.coverage(), out);
    write(enrichment.usage(), out);
    write(enrichment.provenance(), out);
    out.writeInt(enrichment.attempt());
    Fields.time(out, enrichment.enrichedAt());
  }

  static Enrichment read(DataInputView in) throws IOException {
    Document document = DocumentSerializer.INSTANCE.read(in);
    String sha256 = Fields.text(in);
    Optional<SourcePosition> position =
        Fields.optional(
            in, from -> new SourcePosition(Fields.text(from), from.readInt(), from.readLong()));
    DocumentLanguage language =
        new DocumentLanguage(Fields.text(in), Fields.name(in, DocumentLanguage.Basis.class));
    Answers answers = answers(in);
    List<Warning> warnings =
        Fields.list(
            in, from -> new Warning(Fields.name(from, Warning.Code.class), Fields.text(from)));
    Coverage coverage = coverage(in);
    Usage usage = usage(in);
    Provenance provenance = provenance(in);
    int attempt = in.readInt();
    return new Enrichment(
        document,
        sha256,
        position,
        language,
        answers,
        warnings,
        coverage,
        usage,
        provenance,
        attempt,
        Fields.time(in));
  }

  private static void write(Answers answers, DataOutputView out) throws IOException {
    Fields.optional(out, answers.summary(), Fields::text);
    Fields.map(out, answers.texts(), Fields::text);
    Fields.optional(out, answers.classification(), EnrichmentFormat::write);
    Fields.map(out, answers.classifications(), EnrichmentFormat::write);
    Fields.map(out, answers.translations(), Fields::text);
    Fields.optional(
        out,
        answers.safety(),
        (to, safety) -> Fields.list(to, safety.checks(), EnrichmentFormat::write));
  }

  private static Answers answers(DataInputView in) throws IOException {
    Optional<String> summary = Fields.optional(in, Fields::text);
    Map<String, String> texts = Fields.map(in, Fields::text);
    Optional<Classification> classification = Fields.optional(in, EnrichmentFormat::classification);
    Map<String, Classification> classifications = Fields.map(in, EnrichmentFormat::classification);
    Map<String, String> translations = Fields.map(in, Fields::text);
    Optional<Safety> safety =
        Fields.optional(in, from -> new Safety(Fields.list(from, EnrichmentFormat::check)));
    return new Answers(summary, texts, classification, classifications, translations, safety);
  }

  private static void write(DataOutputView out, Classification value) throws IOException {
    Fields.optional(
        out,
        value.likeliest(),
        (to, likeliest) -> {
          Fields.text(to, likeliest.label());
          to.writeDouble(likeliest.probability());
          to.writeDouble(likeliest.margin());
        });
    Fields.list(out, value.labels(), Fields::text);
    Fields.map(out, value.distribution(), DataOutputView::writeDouble);
    out.writeBoolean(value.abstained());
  }

  private static Classification classification(DataInputView in) throws IOException {
    Optional<Likeliest> likeliest =
        Fields.optional(
            in, from -> new Likeliest(Fields.text(from), from.readDouble(), from.readDouble()));
    List<String> labels = Fields.list(in, Fields::text);
    Map<String, Double> distribution = Fields.map(in, DataInputView::readDouble);
    return new Classification(likeliest, labels, distribution, in.readBoolean());
  }

  private static void write(DataOutputView out, Safety.Check check) throws IOException {
    Fields.text(out, check.task());
    Fields.text(out, check.text());
    Fields.text(out, check.policyVersion());
    out.writeBoolean(check.safe());
    Fields.list(out, check.categories(), Fields::text);
    out.writeDouble(check.score());
  }

  private static Safety.Check check(DataInputView in) throws IOException {
    String task = Fields.text(in);
    String text = Fields.text(in);
    String policyVersion = Fields.text(in);
    boolean safe = in.readBoolean();
    List<String> categories = Fields.list(in, Fields::text);
    return new Safety.Check(task, text, policyVersion, safe, categories, in.readDouble());
  }

  private static void write(Coverage coverage, DataOutputView out) throws IOException {
    out.writeInt(coverage.characters());
    Fields.list(
        out,
        coverage.spans(),
        (to, span) -> {
          to.writeInt(span.start());
          to.writeInt(span.end());
        });
    out.writeDouble(coverage.fraction());
  }

  private static Coverage coverage(DataInputView in) throws IOException {
    int characters = in.readInt();
    List<Span> spans = Fields.list(in, from -> new Span(from.readInt(), from.readInt()));
    return new Coverage(characters, spans, in.readDouble());
  }

  private static void write(Usage usage, DataOutputView out) throws IOException {
    out.writeInt(usage.documentTokens());
    out.writeInt(usage.promptTokens());
    out.writeInt(usage.cachedTokens());
    out.writeInt(usage.generatedTokens());
    out.writeInt(usage.requests());
    out.writeLong(usage.queueNanos());
    out.writeLong(usage.computeNanos());
    Fields.optional(out, usage.costUsd());
    Fields.optional(out, usage.apiCostUsd());
  }

  private static Usage usage(DataInputView in) throws IOException {
    int documentTokens = in.readInt();
    int promptTokens = in.readInt();
    int cachedTokens = in.readInt();
    int generatedTokens = in.readInt();
    int requests = in.readInt();
    long queueNanos = in.readLong();
    long computeNanos = in.readLong();
    OptionalDouble costUsd = Fields.optional(in);
    return new Usage(
        documentTokens,
        promptTokens,
        cachedTokens,
        generatedTokens,
        requests,
        queueNanos,
        computeNanos,
        costUsd,
        Fields.optional(in));
  }

  private static void write(Provenance provenance, DataOutputView out) throws IOException {
    Fields.text(out, provenance.promptVersion());
    Fields.text(out, provenance.engineBuild());
    Fields.map(
        out,
        provenance.models(),
        (to, model) -> {
          Fields.text(to, model.model());
          Fields.text(to, model.modelDigest());
          Fields.text(to, model.quantisation());
          Fields.text(to, model.backend());
          Fields.text(to, model.kernelBuild());
          Fields.text(to, model.determinism());
        });
    Fields.map(
        out,
        provenance.tasks(),
        (to, task) -> {
          Fields.text(to, task.model());
          Fields.text(to, task.adapter());
          Fields.text(to, task.promptDigest());
        });
  }

  private static Provenance provenance(DataInputView in) throws IOException {
    String promptVersion = Fields.text(in);
    String engineBuild = Fields.text(in);
    Map<String, Model> models =
        Fields.map(
            in,
            from ->
                new Model(
                    Fields.text(from),
                    Fields.text(from),
                    Fields.text(from),
                    Fields.text(from),
                    Fields.text(from),
                    Fields.text(from)));
    Map<String, AskedTask> tasks =
        Fields.map(
            in, from -> new AskedTask(Fields.text(from), Fields.text(from), Fields.text(from)));
    return new Provenance(promptVersion, engineBuild, models, tasks);
  }
}
