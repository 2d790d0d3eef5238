package dev.millrace.enrichment;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.millrace.enrichment.Enrichment.Classification;
import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.Provenance;
import dev.millrace.enrichment.Enrichment.Safety;
import dev.millrace.enrichment.Enrichment.Usage;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Outcomes as lines of JSON, for scripts: the same keys in the same order from every command. What
 * differs between two runs on the same document stands under {@code usage} alone. Thread-safe
 * because the factory is.
 */
public final class JsonOutcome {
  private static final JsonFactory JSON = new JsonFactory();
  private static final double PROBABILITY_DIGITS = 1e6;
  private static final double PRICE_DIGITS = 1e12;
  private static final double NANOS_PER_MILLI = 1e6;

  private JsonOutcome() {}

  /** One line, without its line break, for a document's outcome. */
  public static String line(String id, Outcome outcome) {
    return switch (outcome) {
      case Enriched enriched -> line(enriched.enrichment(), false);
      case Quarantined quarantined -> line(quarantined.enrichment(), true);
      case Rejected rejected -> error(id, rejected.reason().name(), rejected.message());
    };
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

  private static String line(Enrichment enrichment, boolean quarantined) {
    return write(json -> {
      json.writeStringField("id", enrichment.document().id());
      if (quarantined) {
        json.writeBooleanField("quarantined", true);
      }
      if (enrichment.summary().isPresent()) {
        json.writeStringField("summary", enrichment.summary().get());
      }
      if (enrichment.classification().isPresent()) {
        write(json, enrichment.classification().get());
      }
      json.writeObjectFieldStart("translations");
      for (Map.Entry<String, String> text : enrichment.translations().entrySet()) {
        json.writeStringField(text.getKey(), text.getValue());
      }
      json.writeEndObject();
      if (enrichment.safety().isPresent()) {
        write(json, enrichment.safety().get());
      }
      write(json, enrichment.warnings());
      write(json, enrichment.coverage());
      write(json, enrichment.provenance());
      write(json, enrichment.usage());
    });
  }

  private static void write(JsonGenerator json, Classification classification) throws IOException {
    json.writeObjectFieldStart("classification");
    json.writeStringField("label", classification.label());
    json.writeNumberField("probability", probability(classification.probability()));
    json.writeNumberField("margin", probability(classification.margin()));
    json.writeBooleanField("abstained", classification.abstained());
    json.writeObjectFieldStart("distribution");
    for (Map.Entry<String, Double> label : classification.distribution().entrySet()) {
      json.writeNumberField(label.getKey(), probability(label.getValue()));
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Safety safety) throws IOException {
    json.writeObjectFieldStart("safety");
    json.writeBooleanField("safe", safety.safe());
    json.writeArrayFieldStart("categories");
    for (String category : safety.categories()) {
      json.writeString(category);
    }
    json.writeEndArray();
    json.writeNumberField("score", probability(safety.score()));
    json.writeStringField("policyVersion", safety.policyVersion());
    json.writeEndObject();
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

  private static void write(JsonGenerator json, Provenance provenance) throws IOException {
    json.writeObjectFieldStart("provenance");
    json.writeStringField("model", provenance.model());
    json.writeStringField("modelDigest", provenance.modelDigest());
    json.writeStringField("quantisation", provenance.quantisation());
    json.writeStringField("promptVersion", provenance.promptVersion());
    json.writeStringField("backend", provenance.backend());
    json.writeStringField("determinism", provenance.determinism());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Usage usage) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("documentTokens", usage.documentTokens());
    json.writeNumberField("promptTokens", usage.promptTokens());
    json.writeNumberField("cachedTokens", usage.cachedTokens());
    json.writeNumberField("generatedTokens", usage.generatedTokens());
    json.writeNumberField("requests", usage.requests());
    json.writeNumberField("queueMillis", millis(usage.queueNanos()));
    json.writeNumberField("computeMillis", millis(usage.computeNanos()));
    json.writeNumberField("costUsd", price(usage.costUsd()));
    json.writeNumberField("apiCostUsd", price(usage.apiCostUsd()));
    json.writeEndObject();
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

  private static double millis(long nanos) {
    return Math.rint(nanos / NANOS_PER_MILLI * 1e3) / 1e3;
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
