package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Typed access to one object of a configuration file; names the file and key in every refusal.
 *
 * @param file for messages
 * @param path of the object in the file, empty or ending in a dot
 * @param node the object
 */
public record ConfigNode(Path file, String path, JsonNode node) {

  static ConfigNode root(Path file, JsonNode node) {
    return new ConfigNode(file, "", node);
  }

  /** Whether the key is there and not null. */
  public boolean has(String key) {
    return node.hasNonNull(key);
  }

  /** Whether the key is there, even as null. */
  public boolean mentions(String key) {
    return node.has(key);
  }

  /** An object below this one, if it is there and not null. */
  public Optional<ConfigNode> object(String key) {
    JsonNode value = node.path(key);
    if (value.isNull() || value.isMissingNode()) {
      return Optional.empty();
    }
    if (!value.isObject()) {
      throw refuse(key, "an object");
    }
    return Optional.of(new ConfigNode(file, path + key + ".", value));
  }

  /** An integer that must be there. */
  public int requiredInteger(String key, int min, int max) {
    if (!has(key)) {
      throw new CheckpointException(file, "key %s%s is missing".formatted(path, key));
    }
    return integer(key, min, max, min);
  }

  /** An integer within bounds; {@code absent} if it is not there, which need not be within them. */
  public int integer(String key, int min, int max, int absent) {
    return has(key) ? integer(node.get(key), key, min, max) : absent;
  }

  private int integer(JsonNode value, String key, int min, int max) {
    boolean whole = value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
    if (!whole || value.doubleValue() < min || value.doubleValue() > max) {
      throw refuse(key, String.format(Locale.ROOT, "an integer from %,d to %,d", min, max), value);
    }
    return (int) value.doubleValue();
  }

  /** A number within bounds; {@code absent} if it is not there. */
  public double number(String key, double min, double max, double absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = node.get(key);
    if (!value.isNumber() || !(value.doubleValue() >= min && value.doubleValue() <= max)) {
      throw refuse(key, "a number from %s to %s".formatted(min, max));
    }
    return value.doubleValue();
  }

  /** A number that must be there. */
  public double requiredNumber(String key, double min, double max) {
    if (!has(key)) {
      throw new CheckpointException(file, "key %s%s is missing".formatted(path, key));
    }
    return number(key, min, max, min);
  }

  /** A boolean; old files hold an integer instead, of which any but 0 means yes. */
  public boolean flag(String key, boolean absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = node.get(key);
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isNumber() && Double.isFinite(value.doubleValue())) {
      return value.doubleValue() != 0;
    }
    throw refuse(key, "true or false");
  }

  /** Text; {@code absent} if it is not there. */
  public String text(String key, String absent) {
    if (!has(key)) {
      return absent;
    }
    if (!node.get(key).isTextual()) {
      throw refuse(key, "text");
    }
    return node.get(key).textValue();
  }

  /** A list of text; empty if absent. */
  public List<String> texts(String key, int sizeMax) {
    List<String> texts = new ArrayList<>();
    for (JsonNode element : list(key, sizeMax)) {
      if (!element.isTextual()) {
        throw refuse(key, "a list of text", element);
      }
      texts.add(element.textValue());
    }
    return texts;
  }

  /** A list of integers, or one integer; empty if absent. */
  public List<Integer> integers(String key, int sizeMax, int min, int max) {
    List<Integer> integers = new ArrayList<>();
    if (node.path(key).isNumber()) {
      integers.add(integer(key, min, max, min));
      return integers;
    }
    for (JsonNode element : list(key, sizeMax)) {
      integers.add(integer(element, key, min, max));
    }
    return integers;
  }

  /** A list of numbers, each within bounds; empty if absent. */
  public List<Double> numbers(String key, int sizeMax, double min, double max) {
    List<Double> numbers = new ArrayList<>();
    for (JsonNode element : list(key, sizeMax)) {
      double value = element.isNumber() ? element.doubleValue() : Double.NaN;
      if (!(value >= min && value <= max)) {
        throw refuse(key, "numbers from %s to %s".formatted(min, max), element);
      }
      numbers.add(value);
    }
    return numbers;
  }

  private Iterable<JsonNode> list(String key, int sizeMax) {
    if (!has(key)) {
      return List.of();
    }
    JsonNode value = node.get(key);
    if (!value.isArray() || value.size() > sizeMax) {
      throw refuse(key, String.format(Locale.ROOT, "a list of at most %,d", sizeMax));
    }
    return value;
  }

  /** What is found under a key, in words. */
  public String found(String key) {
    return JsonFile.kind(node.path(key));
  }

  /** A refusal of what is found under a key. */
  public CheckpointException refuse(String key, String expected) {
    return refuse(key, expected, node.path(key));
  }

  /** A refusal of something derived from a key, or of a part of it. */
  public CheckpointException refuse(String key, String expected, String found) {
    return new CheckpointException(
        file,
        String.format(
            Locale.ROOT,
            "key %s%s: expected %s, found %s",
            path,
            key,
            expected,
            JsonFile.abbreviate(found)));
  }

  private CheckpointException refuse(String key, String expected, JsonNode found) {
    return refuse(key, expected, JsonFile.kind(found));
  }
}
