package dev.millrace.engine.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the Python library made of templates: see make_expected.py beside the data. */
final class Expected {
  private Expected() {}

  static JsonNode read(String name) throws IOException {
    try (InputStream in = Expected.class.getResourceAsStream("/templates/" + name)) {
      return new JsonMapper().readTree(Objects.requireNonNull(in));
    }
  }

  /** The templates of the data. */
  static List<String> templates() throws IOException {
    List<String> all = new ArrayList<>();
    for (JsonNode each : read("expected.json").path("templates")) {
      all.add(each.path("template").textValue());
    }
    return all;
  }

  static Map<String, Value> variables(JsonNode node) {
    Map<String, Value> variables = new HashMap<>();
    node.properties()
        .forEach(entry -> variables.put(entry.getKey(), Value.of(plain(entry.getValue()))));
    return variables;
  }

  private static @Nullable Object plain(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        node.properties().forEach(entry -> map.put(entry.getKey(), plain(entry.getValue())));
        yield map;
      }
      case ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        node.forEach(item -> list.add(plain(item)));
        yield list;
      }
      case STRING -> node.textValue();
      case BOOLEAN -> node.booleanValue();
      case NUMBER ->
          node.isIntegralNumber() ? (Object) node.longValue() : (Object) node.doubleValue();
      default -> null;
    };
  }

  /** What a template prints, null if it is refused. */
  static @Nullable String rendered(String template, Map<String, Value> variables) {
    try {
      return Template.parse(template).render(variables, 10_000).string();
    } catch (TemplateException e) {
      return null;
    }
  }
}
