package dev.millrace.records.shape;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.millrace.schema.LogicalTime;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.Map;

/**
 * Payloads of Connect's JSON converter, whose numbers mean what their schema says: times become ISO
 * 8601 texts, decimals numbers. Stateless. After Kafka Connect's {@code JsonConverter}.
 */
final class ConnectValues {
  private static final String DECIMAL = "org.apache.kafka.connect.data.Decimal";
  private static final int DECIMAL_BYTES_MAX = 512;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ConnectValues() {}

  /** The payload with what its schema says; where that says nothing, as it is. */
  static JsonNode read(JsonNode schema, JsonNode payload) {
    if (payload.isNull() || payload.isMissingNode()) {
      return NODES.nullNode();
    }
    LogicalTime time = LogicalTime.named(schema.path("name").asText());
    if (time != null && payload.isIntegralNumber() && payload.canConvertToLong()) {
      return TextNode.valueOf(time.text(payload.longValue()));
    }
    return switch (schema.path("type").asText()) {
      case "struct" -> struct(schema.path("fields"), payload);
      case "array" -> array(schema.path("items"), payload);
      case "map" -> map(schema.path("values"), payload);
      case "bytes" -> bytes(schema, payload);
      default -> payload;
    };
  }

  private static JsonNode struct(JsonNode fields, JsonNode payload) {
    if (!(payload instanceof ObjectNode object)) {
      return payload;
    }
    ObjectNode read = NODES.objectNode();
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      read.set(entry.getKey(), entry.getValue());
    }
    for (JsonNode field : fields) {
      String name = field.path("field").asText();
      if (object.has(name)) {
        read.set(name, read(field, object.path(name)));
      }
    }
    return read;
  }

  private static JsonNode array(JsonNode items, JsonNode payload) {
    if (!payload.isArray()) {
      return payload;
    }
    ArrayNode read = NODES.arrayNode();
    payload.forEach(entry -> read.add(read(items, entry)));
    return read;
  }

  private static JsonNode map(JsonNode values, JsonNode payload) {
    if (!(payload instanceof ObjectNode object)) {
      return payload;
    }
    ObjectNode read = NODES.objectNode();
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      read.set(entry.getKey(), read(values, entry.getValue()));
    }
    return read;
  }

  private static JsonNode bytes(JsonNode schema, JsonNode payload) {
    JsonNode scale = schema.path("parameters").path("scale");
    if (!schema.path("name").asText().equals(DECIMAL) || !payload.isTextual()) {
      return payload;
    }
    try {
      byte[] unscaled = Base64.getDecoder().decode(payload.textValue());
      return unscaled.length == 0 || unscaled.length > DECIMAL_BYTES_MAX
          ? payload
          : DecimalNode.valueOf(
              new BigDecimal(new BigInteger(unscaled), Integer.parseInt(scale.asText())));
    } catch (IllegalArgumentException e) {
      return payload;
    }
  }
}
