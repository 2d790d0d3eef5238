package dev.millrace.enrichment;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Enrichment.AskedTask;
import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.Model;
import dev.millrace.enrichment.Enrichment.Provenance;
import dev.millrace.enrichment.Enrichment.SourcePosition;
import dev.millrace.enrichment.Enrichment.Usage;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes as lines of JSON, for scripts: the same keys in the same order from every command, and
 * the names of the Avro record. What the record lists by a key ({@code task}, {@code language},
 * {@code label}, {@code name}) is an object by that key here; what is absent is left out.
 *
 * <p>What differs between two runs on the same document stands last: {@code sourcePosition}, {@code
 * attempt}, {@code enrichedAt} and {@code usage}. Thread-safe because the factory is.
 */
public final class JsonOutcome {
  private static final JsonFactory JSON = new JsonFactory();
  private static final double PROBABILITY_DIGITS = 1e6;
  private static final double PRICE_DIGITS = 1e12;

  private JsonOutcome() {}

  /** One line, without its line break, for a document's outcome. */
  public static String line(String id, Outcome outcome) {
    return switch (outcome) {
      case Enriched enriched -> line(enriched.enrichment(), false);
      case Quarantined quarantined -> line(quarantined.enrichment(), true);
      case Rejected rejected -> error(id, rejected.reason().name(), rejected.message());
      case Outcome.Deleted _ -> deleted(id);
    };
  }

  private static String deleted(String id) {
    return write(json -> {
      json.writeStringField("id", id);
      json.writeBooleanField("deleted", true);
    });
  }

  /**
   * One line, without its line break, for a document that has no enrichment.
   *
   * @param id null if not even that could be read
   */
  public static String error(@Nullable String id, String reason, String message) {
    return write(json -> {
      json.writeStringField("id", id);
      json.writeObjectFieldStart("error");
      json.writeStringField("reason", reason);
      json.writeStringField("message", message);
      json.writeEndObject();
    });
  }

  /** The same for a document that stood on a line of a file, from 1. */
  public static String error(@Nullable String id, long line, String reason, String message) {
    return write(json -> {
      json.writeStringField("id", id);
      json.writeNumberField("line", line);
      json.writeObjectFieldStart("error");
      json.writeStringField("reason", reason);
      json.writeStringField("message", message);
      json.writeEndObject();
    });
  }

  private static String line(Enrichment enrichment, boolean quarantined) {
    return write(json -> {
      json.writeStringField("id", enrichment.document().id());
      if (quarantined) {
        json.writeBooleanField("quarantined", true);
      }
      write(json, enrichment.answers());
      write(json, enrichment.warnings());
      write(json, enrichment.coverage());
      write(json, enrichment.document(), enrichment);
      write(json, enrichment.provenance());
      if (enrichment.sourcePosition().isPresent()) {
        write(json, enrichment.sourcePosition().get());
      }
      json.writeNumberField("attempt", enrichment.attempt());
      json.writeStringField("enrichedAt", enrichment.enrichedAt().toString());
      write(json, enrichment.usage());
    });
  }

  private static void write(JsonGenerator json, Answers answers) throws IOException {
    if (answers.summary().isPresent()) {
      json.writeStringField("summary", answers.summary().get());
    }
    if (!answers.texts().isEmpty()) {
      write(json, "texts", answers.texts());
    }
    if (answers.classification().isPresent()) {
      write(json, "classification", answers.classification().get());
    }
    if (!answers.classifications().isEmpty()) {
      json.writeObjectFieldStart("classifications");
      for (Map.Entry<String, Classification> task : answers.classifications().entrySet()) {
        write(json, task.getKey(), task.getValue());
      }
      json.writeEndObject();
    }
    write(json, "translations", answers.translations());
    if (answers.safety().isPresent()) {
      write(json, answers.safety().get());
    }
  }

  private static void write(JsonGenerator json, String name, Map<String, String> texts)
      throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, String> text : texts.entrySet()) {
      json.writeStringField(text.getKey(), text.getValue());
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, Classification classification)
      throws IOException {
    json.writeObjectFieldStart(name);
    if (classification.likeliest().isPresent()) {
      Likeliest likeliest = classification.likeliest().get();
      json.writeStringField("label", likeliest.label());
      json.writeNumberField("probability", probability(likeliest.probability()));
      json.writeNumberField("margin", probability(likeliest.margin()));
    }
    write(json, "labels", classification.labels());
    json.writeBooleanField("abstained", classification.abstained());
    json.writeObjectFieldStart("distribution");
    for (Map.Entry<String, Double> label : classification.distribution().entrySet()) {
      json.writeNumberField(label.getKey(), probability(label.getValue()));
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, List<String> texts)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, Safety safety) throws IOException {
    json.writeObjectFieldStart("safety");
    json.writeStringField("verdict", verdict(safety.safe()));
    json.writeArrayFieldStart("checks");
    for (Safety.Check check : safety.checks()) {
      json.writeStartObject();
      json.writeStringField("task", check.task());
      json.writeStringField("text", check.text());
      json.writeStringField("policyVersion", check.policyVersion());
      json.writeStringField("verdict", verdict(check.safe()));
      write(json, "categories", check.categories());
      json.writeNumberField("score", probability(check.score()));
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static String verdict(boolean safe) {
    return safe ? "SAFE" : "UNSAFE";
  }

  private static void write(JsonGenerator json, List<Warning> warnings) throws IOException {
    if (warnings.isEmpty()) {
      return;
    }
    json.writeArrayFieldStart("warnings");
    for (Warning warning : warnings) {
      json.writeStartObject();
      json.writeStringField("code", warning.code().name());
      json.writeStringField("field", warning.field());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, Coverage coverage) throws IOException {
    json.writeObjectFieldStart("coverage");
    json.writeNumberField("characters", coverage.characters());
    json.writeNumberField("fraction", roundedDown(coverage.fraction()));
    json.writeArrayFieldStart("spans");
    for (Enrichment.Span span : coverage.spans()) {
      json.writeArray(new int[] {span.start(), span.end()}, 0, 2);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Document document, Enrichment enrichment)
      throws IOException {
    json.writeStringField("documentSha256", enrichment.documentSha256());
    json.writeObjectFieldStart("language");
    json.writeStringField("used", enrichment.language().used());
    json.writeStringField("basis", enrichment.language().basis().name());
    writeStated(json, "stated", document.language());
    json.writeEndObject();
    writeStated(json, "title", document.title());
    writeStated(json, "source", document.source());
    writeStated(json, "tenant", document.tenant());
    if (!document.attributes().isEmpty()) {
      write(json, "attributes", document.attributes());
    }
    if (!document.createdAt().equals(Instant.EPOCH)) {
      json.writeStringField("documentCreatedAt", document.createdAt().toString());
    }
  }

  private static void writeStated(JsonGenerator json, String name, String value)
      throws IOException {
    if (!value.isEmpty()) {
      json.writeStringField(name, value);
    }
  }

  private static void write(JsonGenerator json, Provenance provenance) throws IOException {
    json.writeObjectFieldStart("provenance");
    json.writeStringField("promptVersion", provenance.promptVersion());
    json.writeStringField("engineBuild", provenance.engineBuild());
    json.writeObjectFieldStart("models");
    for (Map.Entry<String, Model> named : provenance.models().entrySet()) {
      Model model = named.getValue();
      json.writeObjectFieldStart(named.getKey());
      json.writeStringField("model", model.model());
      json.writeStringField("modelDigest", model.modelDigest());
      json.writeStringField("quantisation", model.quantisation());
      json.writeStringField("backend", model.backend());
      writeStated(json, "kernelBuild", model.kernelBuild());
      json.writeStringField("determinism", model.determinism());
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeObjectFieldStart("tasks");
    for (Map.Entry<String, AskedTask> named : provenance.tasks().entrySet()) {
      AskedTask task = named.getValue();
      json.writeObjectFieldStart(named.getKey());
      json.writeStringField("model", task.model());
      writeStated(json, "adapter", task.adapter());
      json.writeStringField("promptDigest", task.promptDigest());
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, SourcePosition position) throws IOException {
    json.writeObjectFieldStart("sourcePosition");
    json.writeStringField("topic", position.topic());
    json.writeNumberField("partition", position.partition());
    json.writeNumberField("offset", position.offset());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Usage usage) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("documentTokens", usage.documentTokens());
    json.writeNumberField("promptTokens", usage.promptTokens());
    json.writeNumberField("cachedTokens", usage.cachedTokens());
    json.writeNumberField("generatedTokens", usage.generatedTokens());
    json.writeNumberField("requests", usage.requests());
    json.writeNumberField("queueNanos", usage.queueNanos());
    json.writeNumberField("computeNanos", usage.computeNanos());
    writePrice(json, "costUsd", usage.costUsd());
    writePrice(json, "apiCostUsd", usage.apiCostUsd());
    json.writeEndObject();
  }

  /** Null where it is not known: nothing would pass for free. */
  private static void writePrice(JsonGenerator json, String name, OptionalDouble price)
      throws IOException {
    if (price.isPresent()) {
      json.writeNumberField(name, price(price.getAsDouble()));
    } else {
      json.writeNullField(name);
    }
  }

  private static double probability(double value) {
    return Math.rint(value * PROBABILITY_DIGITS) / PROBABILITY_DIGITS;
  }

  /** Never 1 for a text that was not read whole. */
  private static double roundedDown(double fraction) {
    return Math.floor(fraction * PROBABILITY_DIGITS) / PROBABILITY_DIGITS;
  }

  private static double price(double value) {
    return Math.rint(value * PRICE_DIGITS) / PRICE_DIGITS;
  }

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private static String write(Fields fields) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail to be written", e);
    }
    return line.toString();
  }
}
