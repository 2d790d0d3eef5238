package dev.millrace.it.k8s;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The documents of a rendered overlay. Immutable. */
final class Manifests {
  /** Refuses a key that is there twice: kubectl takes the last one without a word. */
  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private final List<JsonNode> documents;

  private Manifests(List<JsonNode> documents) {
    this.documents = documents;
  }

  static Path home() {
    return Path.of(System.getProperty("millrace.root")).resolve("k8s");
  }

  static Manifests read(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  static Manifests parse(String text) {
    try (MappingIterator<JsonNode> all = YAML.readerFor(JsonNode.class).readValues(text)) {
      return new Manifests(all.readAll());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  List<JsonNode> all() {
    return documents;
  }

  List<JsonNode> of(String kind) {
    return documents.stream().filter(each -> each.path("kind").asText().equals(kind)).toList();
  }

  /** The documents by kind and name. */
  Map<String, JsonNode> byName() {
    Map<String, JsonNode> byName = new TreeMap<>();
    documents.forEach(each -> byName.put(name(each), each));
    return byName;
  }

  Optional<JsonNode> first(String kind) {
    return of(kind).stream().findFirst();
  }

  /** How people call it. */
  static String name(JsonNode document) {
    return document.path("kind").asText() + "/" + document.at("/metadata/name").asText();
  }
}
