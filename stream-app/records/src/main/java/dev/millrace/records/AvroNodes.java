package dev.millrace.records;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Avro's values as those of JSON, which shapes are made of. Bytes that are UTF-8 are text, as in
 * Avro's rules of resolution. Stateless.
 */
final class AvroNodes {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private AvroNodes() {}

  static JsonNode of(@Nullable Object value) {
    return switch (value) {
      case null -> NODES.nullNode();
      case Boolean flag -> NODES.booleanNode(flag);
      case Long number -> NODES.numberNode(number.longValue());
      case Float number -> NODES.numberNode(number.floatValue());
      case Double number -> NODES.numberNode(number.doubleValue());
      case BigDecimal number -> NODES.numberNode(number);
      case String text -> NODES.textNode(text);
      case byte[] bytes ->
          StrictUtf8.decode(bytes)
              .<JsonNode>map(NODES::textNode)
              .orElseGet(() -> NODES.binaryNode(bytes));
      case List<?> list -> {
        ArrayNode array = NODES.arrayNode();
        list.forEach(entry -> array.add(of(entry)));
        yield array;
      }
      case Map<?, ?> map -> {
        ObjectNode object = NODES.objectNode();
        map.forEach((name, entry) -> object.set(String.valueOf(name), of(entry)));
        yield object;
      }
      default -> throw new IllegalStateException("no value of Avro: " + value.getClass());
    };
  }
}
