package dev.millrace.operations.config;

import dev.millrace.enrichment.CsvRow;
import dev.millrace.enrichment.Suggestion;
import dev.millrace.records.Tombstones;
import dev.millrace.records.shape.Envelope;
import dev.millrace.records.shape.FieldMapping;
import dev.millrace.records.shape.FieldPath;
import dev.millrace.records.shape.RecordShape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * How the values of an input are laid out, as its entry in the list says.
 *
 * @param shape where a document lies in them
 * @param csv how a line is read, of the format {@link DocumentFormat#CSV}
 * @param tombstones what becomes of records that say that a document is deleted
 */
public record InputLayout(RecordShape shape, CsvRow csv, Tombstones tombstones) {
  /** Each value is a document, and a record without one a dead letter. */
  public static final InputLayout DOCUMENT =
      new InputLayout(RecordShape.DOCUMENT, new CsvRow(List.of(), ','), Tombstones.REJECT);

  static InputLayout of(Config entry) {
    Map<String, List<FieldPath>> fields = new LinkedHashMap<>();
    entry
        .map(InputKeys.FIELDS)
        .forEach((name, paths) -> fields.put(name, paths.stream().map(FieldPath::parse).toList()));
    return new InputLayout(
        new RecordShape(
            entry.get(InputKeys.ENVELOPE),
            fields.isEmpty()
                ? FieldMapping.none()
                : new FieldMapping(
                    fields, entry.get(InputKeys.TEXT_SEPARATOR), entry.get(InputKeys.TIME_UNIT))),
        new CsvRow(
            entry.get(InputKeys.CSV_COLUMNS).orElse(List.of()), entry.get(InputKeys.CSV_DELIMITER)),
        entry.get(InputKeys.TOMBSTONES));
  }

  /**
   * The relations between the settings of one entry.
   *
   * @param own its name in messages
   */
  static void check(ConfigProblems problems, DocumentFormat format, Config entry, String own) {
    Map<String, List<String>> fields = entry.map(InputKeys.FIELDS);
    fields.forEach((name, paths) ->
        FieldMapping.problem(name, paths)
            .ifPresent(problem ->
                problems.require(
                    false,
                    "%s.fields.%s %s%s",
                    own,
                    name,
                    problem,
                    FieldMapping.NAMES.contains(name)
                        ? ""
                        : Suggestion.hint(name, FieldMapping.NAMES))));
    problems.require(
        fields.isEmpty() || fields.containsKey("text"),
        "%s.fields has no text: name the path of what is enriched",
        own);
    Envelope envelope = entry.get(InputKeys.ENVELOPE);
    problems.require(
        format != DocumentFormat.TEXT || (fields.isEmpty() && envelope == Envelope.NONE),
        "%s: values of the format text have no fields and no envelope",
        own);
    problems.require(
        format != DocumentFormat.CSV || envelope == Envelope.NONE,
        "%s.envelope: lines of the format csv have none",
        own);
    problems.require(
        format != DocumentFormat.AVRO || envelope != Envelope.CONNECT,
        "%s.envelope: connect is what Connect's JSON converter writes; of its Avro converter take"
            + " none",
        own);
    checkColumns(problems, format, entry, own);
  }

  private static void checkColumns(
      ConfigProblems problems, DocumentFormat format, Config entry, String own) {
    List<String> columns = entry.get(InputKeys.CSV_COLUMNS).orElse(List.of());
    problems.require(
        format != DocumentFormat.CSV || !columns.isEmpty(),
        "%s.csv.columns: the format csv needs the names of the columns",
        own);
    problems.require(
        new TreeSet<>(columns).size() == columns.size(),
        "%s.csv.columns: two columns have the same name",
        own);
    Map<String, List<String>> fields = entry.map(InputKeys.FIELDS);
    if (format == DocumentFormat.CSV) {
      problems.require(
          !fields.isEmpty() || columns.contains("text"),
          "%s.csv.columns: none is called text; name the column of the text in fields",
          own);
      fields.forEach((name, paths) ->
          paths.forEach(path ->
              problems.require(
                  columns.stream().anyMatch(column -> column.replace(".", "\\.").equals(path)),
                  "%s.fields.%s: no column is called %s%s",
                  own,
                  name,
                  path,
                  Suggestion.hint(path, columns))));
    }
  }
}
