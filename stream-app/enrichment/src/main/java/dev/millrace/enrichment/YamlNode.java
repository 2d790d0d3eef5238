package dev.millrace.enrichment;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A piece of YAML that knows its line. Immutable. */
sealed interface YamlNode {

  /** Line of its beginning, from 1. */
  int line();

  /** What it is, for messages. */
  String kind();

  /** A text, number or truth value, as it was written. */
  record Scalar(String text, int line) implements YamlNode {
    @Override
    public String kind() {
      return "a value";
    }
  }

  /** Nothing where a value could be. */
  record Empty(int line) implements YamlNode {
    @Override
    public String kind() {
      return "nothing";
    }
  }

  /** A list. */
  record Sequence(List<YamlNode> items, int line) implements YamlNode {
    @Override
    public String kind() {
      return "a list";
    }
  }

  /** Keys and values in their order. */
  record Mapping(Map<String, Entry> entries, int line) implements YamlNode {
    @Override
    public String kind() {
      return "a mapping";
    }
  }

  /** A key's line and its value. */
  record Entry(int line, YamlNode value) {}

  /**
   * Reads one YAML document.
   *
   * @param problems where keys given twice are reported
   * @throws IOException if it is no YAML
   */
  static YamlNode parse(String yaml, List<String> problems) throws IOException {
    try (JsonParser parser = new YAMLFactory().createParser(yaml)) {
      JsonToken first = parser.nextToken();
      YamlNode root = first == null ? new Empty(1) : node(parser, problems);
      if (parser.nextToken() != null) {
        problems.add(
            String.format(
                Locale.ROOT, "line %d: a second document begins; a plan is one", lineOf(parser)));
      }
      return root;
    }
  }

  private static YamlNode node(JsonParser parser, List<String> problems) throws IOException {
    int line = lineOf(parser);
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(parser, line, problems);
      case START_ARRAY -> sequence(parser, line, problems);
      case VALUE_NULL -> new Empty(line);
      default -> new Scalar(parser.getText(), line);
    };
  }

  private static Mapping mapping(JsonParser parser, int line, List<String> problems)
      throws IOException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      int keyLine = lineOf(parser);
      parser.nextToken();
      @Nullable Entry earlier = entries.put(key, new Entry(keyLine, node(parser, problems)));
      if (earlier != null) {
        problems.add(
            String.format(
                Locale.ROOT,
                "line %d: %s is given twice, first on line %d",
                keyLine,
                key,
                earlier.line()));
      }
    }
    return new Mapping(entries, line);
  }

  private static Sequence sequence(JsonParser parser, int line, List<String> problems)
      throws IOException {
    List<YamlNode> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(node(parser, problems));
    }
    return new Sequence(items, line);
  }

  private static int lineOf(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }
}
