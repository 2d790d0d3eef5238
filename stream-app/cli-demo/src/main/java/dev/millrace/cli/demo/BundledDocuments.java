package dev.millrace.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.enrichment.Document;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The real documents that come with the demo; the README beside them says where they are from. */
final class BundledDocuments {

  private static final String RESOURCE = "documents.jsonl";

  private BundledDocuments() {}

  /** All of them, in the order of the file. */
  static List<Document> all() {
    try (InputStream file = BundledDocuments.class.getResourceAsStream(RESOURCE)) {
      if (file == null) {
        throw new IllegalStateException(
            "the resource " + RESOURCE + " is missing beside " + BundledDocuments.class.getName());
      }
      ObjectMapper json = new ObjectMapper();
      List<Document> documents = new ArrayList<>();
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        documents.add(document(json.readTree(line)));
      }
      return List.copyOf(documents);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resource " + RESOURCE, e);
    }
  }

  /**
   * {@code count} documents with different ids: past the end the bundle is used again, with the
   * round appended to the id.
   *
   * @param count at least one
   */
  static List<Document> take(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1, got " + count);
    }
    List<Document> bundle = all();
    List<Document> taken = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Document document = bundle.get(i % bundle.size());
      int round = i / bundle.size() + 1;
      taken.add(round == 1 ? document : withId(document, document.id() + "#" + round));
    }
    return taken;
  }

  private static Document document(JsonNode line) {
    String id = line.path("id").asText();
    return new Document(
        id,
        line.path("text").asText(),
        line.path("language").asText(),
        id,
        line.path("source").asText(),
        "",
        Map.of(),
        Instant.EPOCH);
  }

  private static Document withId(Document document, String id) {
    return new Document(
        id,
        document.text(),
        document.language(),
        document.title(),
        document.source(),
        document.tenant(),
        document.attributes(),
        document.createdAt());
  }
}
