package dev.millrace.flink.sql;

import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.JsonOutcome;
import dev.millrace.enrichment.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.jspecify.annotations.Nullable;

/** What a model's output can tell of an outcome, by the names of its columns. */
// Types and functions are not changed by anybody.
@SuppressWarnings("ImmutableEnumChecker")
enum OutputColumn {
  OUTCOME(DataTypes.STRING(), outcome -> text(outcome.getClass().getSimpleName())),
  REASON(
      DataTypes.STRING(),
      outcome -> rejected(outcome).map(each -> text(each.reason().name())).orElse(null)),
  MESSAGE(
      DataTypes.STRING(),
      outcome -> rejected(outcome).map(each -> StringData.fromString(each.message())).orElse(null)),
  SUMMARY(
      DataTypes.STRING(),
      outcome ->
          enrichment(outcome)
              .flatMap(Enrichment::summary)
              .map(StringData::fromString)
              .orElse(null)),
  LABEL(
      DataTypes.STRING(),
      outcome -> likeliest(outcome).map(each -> StringData.fromString(each.label())).orElse(null)),
  PROBABILITY(
      DataTypes.DOUBLE(), outcome -> likeliest(outcome).map(Likeliest::probability).orElse(null)),
  LABELS(
      DataTypes.ARRAY(DataTypes.STRING()),
      outcome ->
          enrichment(outcome)
              .flatMap(Enrichment::classification)
              .map(each -> array(each.labels()))
              .orElse(null)),
  TEXTS(
      DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING()),
      outcome -> enrichment(outcome).map(each -> map(each.answers().texts())).orElse(null)),
  TRANSLATIONS(
      DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING()),
      outcome -> enrichment(outcome).map(each -> map(each.translations())).orElse(null)),
  SAFE(
      DataTypes.BOOLEAN(),
      outcome -> enrichment(outcome).flatMap(Enrichment::safety).map(Safety::safe).orElse(null)),
  JSON(
      DataTypes.STRING(),
      outcome ->
          enrichment(outcome)
              .map(each -> StringData.fromString(JsonOutcome.line(each.document().id(), outcome)))
              .orElse(null));

  private final DataType type;
  private final Function<Outcome, @Nullable Object> value;

  OutputColumn(DataType type, Function<Outcome, @Nullable Object> value) {
    this.type = type;
    this.value = value;
  }

  /**
   * Those of a schema, in its order.
   *
   * @throws IllegalArgumentException if one is unknown or has another type
   */
  static List<OutputColumn> of(ResolvedSchema schema) {
    List<OutputColumn> columns = new ArrayList<>();
    for (Column column : schema.getColumns()) {
      OutputColumn found =
          Arrays.stream(values())
              .filter(each -> each.column().equals(column.getName()))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "OUTPUT column %s is not known; there are %s"
                          .formatted(
                              column.getName(),
                              Arrays.stream(values()).map(OutputColumn::column).toList())));
      if (!column.getDataType().getLogicalType().equals(found.type.getLogicalType())) {
        throw new IllegalArgumentException(
            "OUTPUT column %s has type %s, expected %s"
                .formatted(column.getName(), column.getDataType(), found.type));
      }
      columns.add(found);
    }
    return columns;
  }

  private String column() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What it tells, as Flink's tables hold it; null where there is nothing. */
  @Nullable Object value(Outcome outcome) {
    return value.apply(outcome);
  }

  private static StringData text(String word) {
    return StringData.fromString(word.toUpperCase(Locale.ROOT));
  }

  private static Optional<Enrichment> enrichment(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Enriched(Enrichment enrichment) -> Optional.of(enrichment);
      case Outcome.Quarantined(Enrichment enrichment) -> Optional.of(enrichment);
      case Outcome.Rejected _, Outcome.Deleted _ -> Optional.empty();
    };
  }

  private static Optional<Outcome.Rejected> rejected(Outcome outcome) {
    return outcome instanceof Outcome.Rejected rejected ? Optional.of(rejected) : Optional.empty();
  }

  private static Optional<Likeliest> likeliest(Outcome outcome) {
    return enrichment(outcome)
        .flatMap(Enrichment::classification)
        .flatMap(classification -> classification.likeliest());
  }

  private static GenericArrayData array(List<String> texts) {
    return new GenericArrayData(texts.stream().map(StringData::fromString).toArray());
  }

  private static GenericMapData map(Map<String, String> texts) {
    Map<StringData, StringData> map = new LinkedHashMap<>();
    texts.forEach(
        (name, text) -> map.put(StringData.fromString(name), StringData.fromString(text)));
    return new GenericMapData(map);
  }
}
