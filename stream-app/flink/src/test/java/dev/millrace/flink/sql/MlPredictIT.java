package dev.millrace.flink.sql;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Queries that ask the demo model. */
// Closing a result may be interrupted.
@SuppressWarnings("try")
class MlPredictIT {
  private static final Path MODEL =
      Path.of(System.getProperty("millrace.root"), "inference-core/models/demo");

  @TempDir private Path directory;
  private TableEnvironment tables;
  private Path plan;

  @BeforeEach
  void open() throws Exception {
    plan = directory.resolve("plan.yaml");
    Files.writeString(
        plan,
        """
        promptVersion: test
        language: en
        tasks:
          summarise:
            instruction: "\\n\\nSummarise in one line."
            tokensMax: 40
          classify:
            instruction: "\\n\\nWhich section?"
            labels: [haskell, games, python]
        """);
    tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    tables.getConfig().set("parallelism.default", "1");
    tables.getConfig().set("pipeline.generic-types", "false");
  }

  private void createModel(String input, String output, String more) {
    tables.executeSql(
        "CREATE MODEL enrichment INPUT (%s) OUTPUT (%s) WITH ('provider' = 'millrace', %s)"
            .formatted(input, output, "'model.dir' = '" + MODEL + "'" + more));
  }

  @Test
  void shouldAnswerAQueryWithTheModel() throws Exception {
    createModel(
        "id STRING, text STRING",
        "outcome STRING, reason STRING, label STRING, probability DOUBLE, summary STRING,"
            + " labels ARRAY<STRING>, translations MAP<STRING, STRING>, json STRING",
        ", 'plan' = '" + plan + "', 'model.backend' = 'cpu'");
    tables.executeSql(
        """
        CREATE TEMPORARY VIEW documents AS SELECT * FROM (VALUES
          ('socks', 'This package provides a library for the Haskell programming language.'),
          ('chess', 'A chess game for one or two players, with levels and a board.'),
          ('none', CAST(NULL AS STRING))) AS t (id, content)
        """);

    Map<String, Row> rows = new HashMap<>();
    try (CloseableIterator<Row> found =
        tables
            .executeSql(
                "SELECT id, outcome, reason, label, probability, summary, labels, translations,"
                    + " json FROM ML_PREDICT(TABLE documents, MODEL enrichment,"
                    + " DESCRIPTOR(id, content))")
            .collect()) {
      found.forEachRemaining(row -> rows.put((String) row.getField("id"), row));
    }

    assertThat(rows).containsOnlyKeys("socks", "chess", "none");
    Row socks = requireNonNull(rows.get("socks"));
    assertThat(socks.getField("outcome")).isEqualTo("ENRICHED");
    assertThat(socks.getField("label")).isEqualTo("haskell");
    assertThat((Double) socks.getField("probability")).isBetween(0.5, 1.0);
    assertThat((String) socks.getField("summary")).containsIgnoringCase("library");
    assertThat((String[]) socks.getField("labels")).containsExactly("haskell");
    assertThat(socks.getField("translations")).isEqualTo(Map.of());
    assertThat((String) socks.getField("json")).startsWith("{\"id\":\"socks\",");
    assertThat(requireNonNull(rows.get("chess")).getField("label")).isEqualTo("games");
    assertThat(requireNonNull(rows.get("none")).getField("outcome")).isEqualTo("REJECTED");
    assertThat(requireNonNull(rows.get("none")).getField("reason")).isEqualTo("NULL_VALUE");
    assertThat(requireNonNull(rows.get("none")).getField("label")).isNull();
  }

  @Test
  void shouldSayWhatIsWrongWithAModel() {
    tables.executeSql("CREATE TEMPORARY VIEW some_rows AS SELECT 'a' AS c");
    createModel("content STRING", "label STRING", "");
    assertRefused("INPUT column content is not known; documents have [id, text, language");
    tables.executeSql("DROP MODEL enrichment");
    createModel("text STRING", "labelled STRING", "");
    assertRefused("OUTPUT column labelled is not known; there are [outcome, reason, message");
    tables.executeSql("DROP MODEL enrichment");
    createModel("text STRING", "probability STRING", "");
    assertRefused("OUTPUT column probability has type STRING, expected DOUBLE");
    tables.executeSql("DROP MODEL enrichment");
    createModel("text STRING", "label STRING", ", 'model.sequence.max' = '3'");
    assertRefused("did you mean \"model.sequences.max\"?");
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() ->
            tables.explainSql(
                "SELECT * FROM ML_PREDICT(TABLE some_rows, MODEL enrichment, DESCRIPTOR(c))"))
        .rootCause()
        .hasMessageContaining(message);
  }
}
