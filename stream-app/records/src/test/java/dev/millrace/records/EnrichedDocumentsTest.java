package dev.millrace.records;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.EnrichmentSample;
import dev.millrace.enrichment.JsonOutcome;
import dev.millrace.enrichment.Outcome;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.HeaderLookup;
import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaLookup;
import dev.millrace.schema.SchemaRole;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.schema.WireSerializer;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.schema.avro.LanguageBasis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

/** The record and the line of JSON say the same under the same names. */
class EnrichedDocumentsTest {
  private static final Schema SCHEMA = SchemaCatalog.current().schema(SchemaRole.ENRICHED_DOCUMENT);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Keys by which lists of records are objects in JSON. */
  private static final Set<String> KEYS = Set.of("task", "language", "label", "name");

  /** Places that nothing fills yet. */
  private static final List<String> EMPTY =
      List.of(
          "/coverage/images",
          "/extractions",
          "/lists",
          "/pii",
          "/provenance/plan",
          "/provenance/tasks/reused");

  @Test
  void shouldReadBackWhatItWrote() {
    Enrichment full = EnrichmentSample.full();
    Enrichment bare = EnrichmentSample.bare();

    assertThat(readBack(full, new SourcePosition("documents", 3, 77))).isEqualTo(full);
    Enrichment found = readBack(bare, new SourcePosition("documents", 0, 1));
    assertThat(found.sourcePosition()).contains(new Enrichment.SourcePosition("documents", 0, 1));
    assertThat(found.withoutMeasurements()).isEqualTo(bare.withoutMeasurements());
  }

  private static Enrichment readBack(Enrichment enrichment, SourcePosition source) {
    EnrichedDocument record = EnrichedDocuments.toAvro(enrichment, source);
    byte[] bytes = new WireSerializer<>(7, EnrichedDocument.class).serialize(record);
    Decoding<EnrichedDocument> decoding =
        new WireDeserializer<>(_ -> new SchemaLookup.Found(SCHEMA), EnrichedDocument.class)
            .decode(bytes, HeaderLookup.NONE);
    return EnrichedDocuments.fromAvro(((Decoding.Value<EnrichedDocument>) decoding).value());
  }

  @Test
  void shouldKnowALanguagesBasisByTheSameNames() {
    assertThat(Arrays.stream(LanguageBasis.values()).map(Enum::name))
        .containsExactlyElementsOf(Arrays.stream(Basis.values()).map(Enum::name).toList());
  }

  @Test
  void shouldNameEverythingInJsonAsInAvro() throws Exception {
    String line = JsonOutcome.line("doc-1", new Outcome.Enriched(EnrichmentSample.full()));
    List<String> unknown = new ArrayList<>();
    Set<String> said = new TreeSet<>();

    compare("", SCHEMA, JSON.readTree(line), "", unknown, said);

    assertThat(unknown).as("keys of JSON that are no fields").isEmpty();
    Set<String> missing = new TreeSet<>(fields("", SCHEMA));
    missing.removeAll(said);
    missing.removeIf(field -> EMPTY.stream().anyMatch(place -> field.startsWith(place + "/")));
    assertThat(missing).as("fields that JSON does not say").containsExactlyElementsOf(EMPTY);
  }

  /**
   * Looks up what a piece of JSON says.
   *
   * @param key field that is the piece's key, not inside it
   */
  private static void compare(
      String path,
      Schema schema,
      JsonNode json,
      String key,
      List<String> unknown,
      Set<String> said) {
    switch (schema.getType()) {
      case UNION -> compare(path, schema.getTypes().getLast(), json, key, unknown, said);
      case ARRAY -> {
        Schema item = schema.getElementType();
        if (item.getType() == Schema.Type.RECORD) {
          items(path, item, json, unknown, said);
        }
      }
      case RECORD -> {
        for (Map.Entry<String, JsonNode> field : json.properties()) {
          String name = path + "/" + field.getKey();
          Schema.Field known = schema.getField(field.getKey());
          if (known == null || field.getKey().equals(key)) {
            unknown.add(name);
          } else {
            said.add(name);
            compare(name, known.schema(), field.getValue(), "", unknown, said);
          }
        }
      }
      default -> {}
    }
  }

  private static void items(
      String path, Schema item, JsonNode json, List<String> unknown, Set<String> said) {
    if (item.getName().equals("Span")) {
      said.addAll(List.of(path + "/start", path + "/end")); // two numbers
      return;
    }
    if (json.isArray()) {
      json.forEach(each -> compare(path, item, each, "", unknown, said));
      return;
    }
    String key = item.getFields().getFirst().name();
    assertThat(KEYS).as(path).contains(key);
    said.add(path + "/" + key);
    List<Schema.Field> rest = item.getFields().subList(1, item.getFields().size());
    for (JsonNode each : json) {
      if (rest.size() == 1) {
        String only = path + "/" + rest.getFirst().name();
        said.add(only);
        compare(only, rest.getFirst().schema(), each, "", unknown, said);
      } else {
        compare(path, item, each, key, unknown, said);
      }
    }
  }

  private static List<String> fields(String path, Schema schema) {
    return switch (schema.getType()) {
      case UNION -> fields(path, schema.getTypes().getLast());
      case ARRAY -> fields(path, schema.getElementType());
      case RECORD -> {
        List<String> fields = new ArrayList<>();
        for (Schema.Field field : schema.getFields()) {
          fields.add(path + "/" + field.name());
          fields.addAll(fields(path + "/" + field.name(), field.schema()));
        }
        yield fields;
      }
      default -> List.of();
    };
  }
}
