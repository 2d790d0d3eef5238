package dev.millrace.it.k8s;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Unknown and missing fields. Kubernetes' own kinds are held against the models of its Java client,
 * others against the fields that we use of them ({@code custom-kinds.yaml}).
 */
final class FieldCheck {
  private static final String MODELS = "io.kubernetes.client.openapi.models.";

  private static final Map<String, String> BUILT_IN =
      Map.ofEntries(
          Map.entry("v1/ConfigMap", "V1ConfigMap"),
          Map.entry("v1/Namespace", "V1Namespace"),
          Map.entry("v1/Secret", "V1Secret"),
          Map.entry("v1/Service", "V1Service"),
          Map.entry("v1/ServiceAccount", "V1ServiceAccount"),
          Map.entry("apps/v1/StatefulSet", "V1StatefulSet"),
          Map.entry("batch/v1/Job", "V1Job"),
          Map.entry("networking.k8s.io/v1/NetworkPolicy", "V1NetworkPolicy"),
          Map.entry("policy/v1/PodDisruptionBudget", "V1PodDisruptionBudget"));

  private final JsonNode custom;

  FieldCheck() {
    try (var in = FieldCheck.class.getResourceAsStream("custom-kinds.yaml")) {
      custom =
          Manifests.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)).all().getFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> problems(JsonNode document) {
    String kind = document.path("apiVersion").asText() + "/" + document.path("kind").asText();
    if (BUILT_IN.containsKey(kind)) {
      return builtIn(document, BUILT_IN.get(kind));
    }
    JsonNode fields = custom.path(kind);
    if (fields.isMissingNode()) {
      return List.of(Manifests.name(document) + ": nothing is known of " + kind);
    }
    List<String> problems = new ArrayList<>();
    compare(Manifests.name(document), document, fields, problems);
    return problems;
  }

  private static List<String> builtIn(JsonNode document, String model) {
    JsonElement json = JsonParser.parseString(document.toString());
    try {
      Class.forName(MODELS + model)
          .getMethod("validateJsonElement", JsonElement.class)
          .invoke(null, json);
      return List.of();
    } catch (InvocationTargetException e) {
      return List.of(Manifests.name(document) + ": " + e.getCause().getMessage());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no model " + model, e);
    }
  }

  /** A leaf says the type, {@code any} takes everything; a key with {@code !} must be there. */
  private static void compare(
      String where, JsonNode found, JsonNode fields, List<String> problems) {
    if (fields.isTextual()) {
      if (!isOf(found, fields.asText())) {
        problems.add(where + ": expected " + fields.asText() + ", found " + found.getNodeType());
      }
      return;
    }
    if (fields.isArray()) {
      if (!found.isArray()) {
        problems.add(where + ": expected a list");
        return;
      }
      for (int i = 0; i < found.size(); i++) {
        compare(where + "[" + i + "]", found.get(i), fields.get(0), problems);
      }
      return;
    }
    found
        .fieldNames()
        .forEachRemaining(name -> {
          JsonNode below = fields.has(name) ? fields.get(name) : fields.get(name + "!");
          if (below == null) {
            problems.add(where + ": there is no field " + name);
          } else {
            compare(where + "." + name, found.get(name), below, problems);
          }
        });
    fields
        .fieldNames()
        .forEachRemaining(name -> {
          if (name.endsWith("!") && !found.has(name.substring(0, name.length() - 1))) {
            problems.add(where + ": field " + name.substring(0, name.length() - 1) + " is missing");
          }
        });
  }

  private static boolean isOf(JsonNode found, String type) {
    return switch (type) {
      case "any" -> true;
      case "text" -> found.isTextual();
      case "number" -> found.isNumber();
      case "switch" -> found.isBoolean();
      case "texts" -> found.isArray() && stream(found).allMatch(JsonNode::isTextual);
      // Values that must be text: a number in quotes.
      case "map" -> found.isObject() && stream(found).allMatch(JsonNode::isTextual);
      default -> found.isTextual() && List.of(type.split("[|]")).contains(found.asText());
    };
  }

  private static Stream<JsonNode> stream(JsonNode nodes) {
    return StreamSupport.stream(nodes.spliterator(), false);
  }
}
