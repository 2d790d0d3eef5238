package dev.millrace.enrichment;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One line of comma-separated values, as RFC 4180 has it: a field that holds the delimiter, a
 * quotation mark or a line break stands in quotation marks, which are doubled inside. Fields
 * without them that are empty are absent. Immutable.
 *
 * @param columns names of the fields: a file has a header line, a topic has none
 * @param delimiter between two fields
 */
public record CsvRow(List<String> columns, char delimiter) {
  private static final char QUOTE = '"';

  /** Copies the names. */
  public CsvRow {
    columns = List.copyOf(columns);
  }

  /**
   * The fields of a line by themselves, as those of a header.
   *
   * @throws DocumentException {@code UNDECODABLE} if it is no such line
   */
  public static List<String> fields(String text, char delimiter) {
    CsvRow row = new CsvRow(List.of(), delimiter);
    return List.copyOf(row.new Line(text.startsWith("\ufeff") ? text.substring(1) : text).fields());
  }

  /**
   * The line as an object of texts.
   *
   * @throws DocumentException {@code UNDECODABLE} if it is no such line, or has another number of
   *     fields
   */
  public ObjectNode parse(String text) {
    Line line = new Line(text.startsWith("\ufeff") ? text.substring(1) : text);
    List<String> fields = line.fields();
    if (fields.size() != columns.size()) {
      throw undecodable(
          String.format(
              Locale.ROOT,
              "the line has %d fields, there are %d columns",
              fields.size(),
              columns.size()));
    }
    ObjectNode row = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < fields.size(); i++) {
      if (!line.isAbsent(i)) {
        row.put(columns.get(i), fields.get(i));
      }
    }
    return row;
  }

  /** The line of values by column; every value in quotation marks. */
  public String line(Map<String, String> values) {
    return columns.stream()
        .map(column -> values.getOrDefault(column, ""))
        .map(value -> value.isEmpty() ? "" : "\"" + value.replace("\"", "\"\"") + "\"")
        .collect(Collectors.joining(String.valueOf(delimiter)));
  }

  private static DocumentException undecodable(String message) {
    return new DocumentException(RejectReason.UNDECODABLE, message);
  }

  /** One pass over a line. Used once, by one thread. */
  private final class Line {
    private final String text;
    private final List<String> fields = new ArrayList<>();
    private final List<Boolean> quoted = new ArrayList<>();
    private int at;

    Line(String text) {
      int end = text.length();
      end -= end > 0 && text.charAt(end - 1) == '\n' ? 1 : 0;
      end -= end > 0 && text.charAt(end - 1) == '\r' ? 1 : 0;
      this.text = text.substring(0, end);
    }

    boolean isAbsent(int field) {
      return fields.get(field).isEmpty() && !quoted.get(field);
    }

    List<String> fields() {
      field();
      while (at < text.length()) {
        // A field ends at a delimiter or at the end.
        at++;
        field();
      }
      return fields;
    }

    private void field() {
      boolean inQuotes = at < text.length() && text.charAt(at) == QUOTE;
      quoted.add(inQuotes);
      fields.add(inQuotes ? inQuotes() : plain());
    }

    private String plain() {
      int start = at;
      while (at < text.length() && text.charAt(at) != delimiter) {
        char c = text.charAt(at);
        if (c == '\n' || c == '\r') {
          throw undecodable(
              String.format(
                  Locale.ROOT,
                  "field %d: a second line begins at character %d; a record is one line",
                  fields.size() + 1,
                  at));
        }
        if (c == QUOTE) {
          throw undecodable(
              String.format(
                  Locale.ROOT,
                  "field %d: a quotation mark at character %d, inside a field that does not begin"
                      + " with one",
                  fields.size() + 1,
                  at));
        }
        at++;
      }
      return text.substring(start, at);
    }

    private String inQuotes() {
      StringBuilder value = new StringBuilder();
      at++;
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c != QUOTE) {
          value.append(c);
        } else if (at < text.length() && text.charAt(at) == QUOTE) {
          value.append(QUOTE);
          at++;
        } else if (at == text.length() || text.charAt(at) == delimiter) {
          return value.toString();
        } else {
          throw undecodable(
              String.format(
                  Locale.ROOT,
                  "field %d: character %d follows a closing quotation mark",
                  fields.size() + 1,
                  at));
        }
      }
      throw undecodable(
          String.format(
              Locale.ROOT, "field %d: its quotation mark is not closed", fields.size() + 1));
    }
  }
}
