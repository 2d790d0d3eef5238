package dev.millrace.records.shape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.RejectReason;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RecordShapeTest {
  private static final Instant NOON = Instant.parse("2026-01-31T12:00:00Z");

  private static FieldMapping mapping(EpochUnit unit, String... namesAndPaths) {
    Map<String, List<FieldPath>> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndPaths.length; i += 2) {
      fields.put(
          namesAndPaths[i],
          List.of(namesAndPaths[i + 1].split(",")).stream().map(FieldPath::parse).toList());
    }
    return new FieldMapping(fields, "\n\n", unit);
  }

  private static RecordShape shape(Envelope envelope, String... namesAndPaths) {
    return new RecordShape(envelope, mapping(EpochUnit.MILLIS, namesAndPaths));
  }

  private static Optional<Document> read(RecordShape shape, String json) {
    return shape.document(JsonDocuments.parse(json), "key", NOON);
  }

  private static Document document(RecordShape shape, String json) {
    return read(shape, json).orElseThrow();
  }

  private static DocumentException fault(RecordShape shape, String json) {
    return catchThrowableOfType(DocumentException.class, () -> read(shape, json));
  }

  @Test
  void shouldFindTheFieldsOfADocumentWhereTheMappingSays() {
    RecordShape shape =
        shape(
            Envelope.NONE,
            "id",
            "order.id",
            "text",
            "subject,body",
            "language",
            "lang",
            "createdAt",
            "meta.ts",
            "attributes.customer",
            "customer.id",
            "attributes.vip",
            "customer.vip",
            "attributes.total",
            "lines.0.price",
            "tenant",
            "a\\.b");

    Document document =
        document(
            shape,
            """
            {"order":{"id":17},"subject":"Broken","body":"It does not mill.","lang":"en",
             "meta":{"ts":1767225600000},"customer":{"id":"c-9","vip":true},
             "lines":[{"price":12.50},{"price":1}],"a.b":"acme","id":"not this one","text":5}
            """);

    assertThat(document)
        .isEqualTo(
            new Document(
                "17",
                "Broken\n\nIt does not mill.",
                "en",
                "",
                "",
                "acme",
                Map.of("customer", "c-9", "vip", "true", "total", "12.50"),
                Instant.ofEpochMilli(1_767_225_600_000L)));
  }

  @Test
  void shouldTakeAWholeObjectAsAttributesAndLeaveWhatIsNoText() {
    Document document =
        document(
            shape(Envelope.NONE, "text", "t", "attributes", "meta", "attributes.k", "other"),
            "{\"t\":\"x\",\"meta\":{\"z\":\"1\",\"a\":2,\"n\":null,\"o\":{},\"k\":\"m\"},"
                + "\"other\":\"own\"}");

    assertThat(document.attributes()).containsExactlyEntriesOf(map("z", "1", "a", "2", "k", "own"));
  }

  private static Map<String, String> map(String... entries) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      map.put(entries[i], entries[i + 1]);
    }
    return map;
  }

  @Test
  void shouldJoinTheTextsThatAreThere() {
    RecordShape shape = shape(Envelope.NONE, "text", "a,b,c");

    assertThat(document(shape, "{\"a\":\"1\",\"c\":\"3\",\"b\":null}").text()).isEqualTo("1\n\n3");
    assertThat(document(shape, "{\"a\":[\"1\",\"2\"],\"b\":\"\",\"c\":\"3\"}").text())
        .isEqualTo("1\n\n2\n\n3");
    assertThat(document(shape, "{\"a\":\"1\"}").id()).as("its key").isEqualTo("key");
    assertThat(fault(shape, "{\"d\":\"1\"}"))
        .hasMessage("field text (a, b, c): expected a text in one of them, found nothing");
    assertThat(fault(shape, "{\"a\":\"1\",\"b\":7}")).hasMessageContaining("found number");
  }

  @Test
  void shouldSayWhatIsWrongWithAFieldAndWhereItWasLookedFor() {
    RecordShape shape =
        shape(Envelope.NONE, "id", "o.id", "text", "t", "createdAt", "at", "title", "n");

    assertThat(fault(shape, "{\"t\":null}").reason()).isEqualTo(RejectReason.INVALID_DOCUMENT);
    assertThat(fault(shape, "{\"t\":null}"))
        .hasMessage("field text (t): expected a text, found null");
    assertThat(fault(shape, "{\"t\":\"x\",\"o\":{\"id\":1.5}}"))
        .hasMessage("field id (o.id): expected a text or a whole number, found number");
    assertThat(fault(shape, "{\"t\":\"x\",\"n\":[1]}"))
        .hasMessage("field title (n): expected a text, a number, true or false, found array");
    assertThat(fault(shape, "{\"t\":\"x\",\"at\":\"noon\"}")).hasMessageContaining("time.unit");
    assertThat(fault(shape, "{\"t\":\"x\",\"at\":1e300}")).hasMessageContaining("createdAt (at)");
    assertThat(fault(shape, "{\"t\":\"x\",\"at\":9e99999}")).hasMessageContaining("createdAt");
  }

  @Test
  void shouldReadTimesInTheUnitThatIsConfigured() {
    String json = "{\"t\":\"x\",\"at\":%s}";
    for (var each :
        Map.of(
                EpochUnit.SECONDS, "1769860800",
                EpochUnit.MILLIS, "1769860800000",
                EpochUnit.MICROS, "1769860800000000",
                EpochUnit.NANOS, "1769860800000000000")
            .entrySet()) {
      RecordShape shape =
          new RecordShape(Envelope.NONE, mapping(each.getKey(), "text", "t", "createdAt", "at"));
      assertThat(document(shape, json.replace("%s", each.getValue())).createdAt())
          .as("%s", each.getKey())
          .isEqualTo(NOON);
    }
    RecordShape millis = shape(Envelope.NONE, "text", "t", "createdAt", "at");
    assertThat(document(millis, json.replace("%s", "\"2026-01-31T13:00:00+01:00\"")).createdAt())
        .isEqualTo(NOON);
    assertThat(document(millis, json.replace("%s", "\"2026-01-31\"")).createdAt())
        .isEqualTo("2026-01-31T00:00:00Z");
  }

  /** Kafka Connect's JsonConverter with schemas.enable; its documentation has this form. */
  private static final String CONNECT =
      """
      {"schema":{"type":"struct","optional":false,"name":"orders","fields":[
         {"type":"int64","optional":false,"field":"ID"},
         {"type":"string","optional":true,"field":"BODY"},
         {"type":"int64","optional":true,"name":"org.apache.kafka.connect.data.Timestamp",
          "version":1,"field":"AT"},
         {"type":"int64","optional":true,"name":"io.debezium.time.MicroTimestamp","version":1,
          "field":"CHANGED"},
         {"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal",
          "version":1,"parameters":{"scale":"2"},"field":"PRICE"},
         {"type":"int32","optional":true,"name":"org.apache.kafka.connect.data.Date","version":1,
          "field":"DUE"}]},
       "payload":%s}
      """;

  private static final RecordShape ORDERS =
      shape(
          Envelope.CONNECT,
          "id",
          "ID",
          "text",
          "BODY",
          "createdAt",
          "CHANGED",
          "attributes.at",
          "AT",
          "attributes.price",
          "PRICE",
          "attributes.due",
          "DUE");

  @Test
  void shouldReadConnectsPayloadAsItsSchemaMeansIt() {
    Document document =
        document(
            ORDERS,
            CONNECT.replace(
                "%s",
                "{\"ID\":7,\"BODY\":\"x\",\"AT\":1769860800000,\"CHANGED\":1769860800000001,"
                    + "\"PRICE\":\"BN4=\",\"DUE\":20484}"));

    assertThat(document.id()).isEqualTo("7");
    assertThat(document.createdAt()).isEqualTo("2026-01-31T12:00:00.000001Z");
    assertThat(document.attributes())
        .isEqualTo(Map.of("at", "2026-01-31T12:00:00Z", "price", "12.46", "due", "2026-01-31"));
    assertThat(read(ORDERS, CONNECT.replace("%s", "null"))).as("deleted").isEmpty();
    assertThat(fault(ORDERS, "{\"ID\":7,\"BODY\":\"x\"}"))
        .hasMessageStartingWith("envelope connect: it has not the fields schema and payload");
  }

  @Test
  void shouldReadTheRowAfterADebeziumEvent() {
    RecordShape shape =
        shape(
            Envelope.DEBEZIUM,
            "id",
            "id",
            "text",
            "body",
            "createdAt",
            "$.ts_ms",
            "attributes.table",
            "$.source.table");
    String event =
        "{\"before\":null,\"after\":{\"id\":5,\"body\":\"x\"},\"source\":{\"table\":\"notes\"},"
            + "\"op\":\"%s\",\"ts_ms\":1769860800000}";

    Document document = document(shape, event.replace("%s", "c"));

    assertThat(document.id()).isEqualTo("5");
    assertThat(document.createdAt()).isEqualTo(NOON);
    assertThat(document.attributes()).isEqualTo(Map.of("table", "notes"));
    assertThat(read(shape, event.replace("%s", "u"))).isPresent();
    assertThat(read(shape, event.replace("%s", "r"))).isPresent();
    assertThat(
            read(
                shape,
                "{\"before\":{\"id\":5,\"body\":\"x\"},\"after\":null,\"op\":\"d\",\"ts_ms\":1}"))
        .as("deleted")
        .isEmpty();
    assertThat(
            document(
                    shape,
                    "{\"schema\":{\"type\":\"struct\",\"fields\":[]},\"payload\":%s}"
                        .formatted(event.replace("%s", "c")))
                .id())
        .isEqualTo("5");
  }

  @Test
  void shouldRefuseADebeziumEventThatIsAboutNoRow() {
    RecordShape shape = shape(Envelope.DEBEZIUM, "text", "body");

    assertThat(fault(shape, "{\"op\":\"t\",\"source\":{}}"))
        .hasMessage("envelope debezium: a Debezium event of operation t is about no row");
    assertThat(fault(shape, "{\"op\":\"c\",\"after\":null}"))
        .hasMessageContaining("has no row in after");
    assertThat(fault(shape, "{\"id\":5,\"body\":\"secret\"}"))
        .hasMessageContaining("take envelope: none")
        .hasMessageNotContaining("secret");
  }

  @Test
  void shouldReadDocumentsThemselvesInAnEnvelope() {
    assertThat(
            document(
                    shape(Envelope.CONNECT),
                    "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"id\":\"a\",\"text\":\"x\"}}")
                .id())
        .isEqualTo("a");
  }
}
