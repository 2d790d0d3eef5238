package dev.millrace.flink.sql;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.RejectReason;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.jspecify.annotations.Nullable;

/** Where the fields of a document stand in the rows of a model's input. */
final class InputColumns implements Serializable {
  private static final long serialVersionUID = 1;
  private static final List<String> KNOWN =
      List.of("id", "text", "language", "title", "source", "tenant");

  /** What a document without one is called; answers do not depend on it. */
  private static final String NO_ID = "row";

  private final ArrayList<String> names;

  private InputColumns(List<String> names) {
    this.names = new ArrayList<>(names);
  }

  /**
   * By the names of a schema's columns.
   *
   * @throws IllegalArgumentException if one is unknown or no text, or {@code text} is missing
   */
  static InputColumns of(ResolvedSchema schema) {
    for (Column column : schema.getColumns()) {
      if (!KNOWN.contains(column.getName())) {
        throw new IllegalArgumentException(
            "INPUT column %s is not known; documents have %s".formatted(column.getName(), KNOWN));
      }
      if (!column.getDataType().getLogicalType().is(LogicalTypeFamily.CHARACTER_STRING)) {
        throw new IllegalArgumentException(
            "INPUT column %s has type %s, expected STRING"
                .formatted(column.getName(), column.getDataType()));
      }
    }
    List<String> names = schema.getColumnNames();
    if (!names.contains("text")) {
      throw new IllegalArgumentException(
          "INPUT has columns %s, expected one called text".formatted(names));
    }
    return new InputColumns(names);
  }

  /**
   * The document of a row.
   *
   * @throws DocumentException if it cannot be one
   */
  Document document(RowData row) {
    String text = field(row, "text");
    if (text == null) {
      throw new DocumentException(RejectReason.NULL_VALUE, "column text is null");
    }
    String id = field(row, "id");
    return new Document(
        id == null || id.isEmpty() ? NO_ID : id,
        text,
        orEmpty(field(row, "language")),
        orEmpty(field(row, "title")),
        orEmpty(field(row, "source")),
        orEmpty(field(row, "tenant")),
        Map.of(),
        Instant.EPOCH);
  }

  private @Nullable String field(RowData row, String name) {
    int at = names.indexOf(name);
    return at < 0 || row.isNullAt(at) ? null : row.getString(at).toString();
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
