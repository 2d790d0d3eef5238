package dev.millrace.records.shape;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a field lies in a value: names separated by dots, each of a field of an object, or the
 * number of an entry of a list; {@code \.} is a dot in a name. A path that begins with {@code $}
 * starts at the whole value, any other at the row in its envelope. Immutable.
 *
 * @param text as it was written
 * @param fromWhole whether it starts at the whole value
 * @param steps names and numbers, at least one
 */
public record FieldPath(String text, boolean fromWhole, List<String> steps) {
  private static final String WHOLE = "$";

  /** Copies the steps. */
  public FieldPath {
    steps = List.copyOf(steps);
  }

  /**
   * Reads a path.
   *
   * @throws IllegalArgumentException if it has an empty step, or none
   */
  public static FieldPath parse(String text) {
    List<String> steps = new ArrayList<>();
    StringBuilder step = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length() && text.charAt(i + 1) == '.') {
        step.append('.');
        i++;
      } else if (c == '.') {
        steps.add(step.toString());
        step.setLength(0);
      } else {
        step.append(c);
      }
    }
    steps.add(step.toString());
    boolean fromWhole = steps.size() > 1 && steps.getFirst().equals(WHOLE);
    List<String> own = fromWhole ? steps.subList(1, steps.size()) : steps;
    if (own.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("\"" + text + "\" is no path such as order.id");
    }
    return new FieldPath(text, fromWhole, own);
  }

  /** What lies there; missing if nothing does. */
  JsonNode in(Envelope.Content content) {
    JsonNode node = fromWhole ? content.whole() : content.row();
    for (String step : steps) {
      if (node.isArray() && step.matches("\\d{1,9}")) {
        node = node.path(Integer.parseInt(step));
      } else {
        node = node.isObject() ? node.path(step) : MissingNode.getInstance();
      }
    }
    return node;
  }
}
