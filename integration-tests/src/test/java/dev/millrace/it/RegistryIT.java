package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schema.Decoding;
import dev.millrace.schema.HeaderLookup;
import dev.millrace.schema.RegistryClient;
import dev.millrace.schema.RegistryException;
import dev.millrace.schema.RegistrySettings;
import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaId;
import dev.millrace.schema.SchemaLookup;
import dev.millrace.schema.SchemaRole;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.schema.WireSerializer;
import dev.millrace.schema.avro.Document;
import dev.millrace.servers.LocalRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Our client and our wire format against the real registry, up, down and frozen. */
class RegistryIT {

  private static final Schema V1 =
      parse(
          """
          {"type":"record","name":"Note","namespace":"it","fields":[
            {"name":"id","type":"string"},{"name":"text","type":"string"}]}\
          """);
  private static final Schema V2 =
      parse(
          """
          {"type":"record","name":"Note","namespace":"it","fields":[
            {"name":"id","type":"string"},{"name":"text","type":"string"},
            {"name":"language","type":["null","string"],"default":null}]}\
          """);
  private static final Schema BAD =
      parse(
          """
          {"type":"record","name":"Note","namespace":"it","fields":[
            {"name":"id","type":"string"},{"name":"must","type":"long"}]}\
          """);

  private static LocalRegistry registry;

  @BeforeAll
  static void startRegistry() {
    registry = LocalRegistry.start();
  }

  @AfterAll
  static void closeRegistry() {
    registry.close();
  }

  private static RegistryClient client() {
    return RegistryClient.create(
        RegistrySettings.of(List.of(registry.url()))
            .withTimeout(Duration.ofSeconds(20))
            .withUnknownTtl(Duration.ZERO));
  }

  private static RegistryClient hurriedClient() {
    return RegistryClient.create(
        RegistrySettings.of(List.of(registry.url()))
            .withTimeout(Duration.ofMillis(300))
            .withPatience(Duration.ofSeconds(1)));
  }

  @Test
  void shouldRegisterAndLookUp() {
    try (RegistryClient client = client()) {
      int first = client.register("notes-value", V1);
      assertThat(client.register("notes-value", V1)).isEqualTo(first);
      assertThat(client.register("copies-value", V1)).as("in another subject").isEqualTo(first);
      assertThat(client.check("notes-value", V2)).isEmpty();
      int second = client.register("notes-value", V2);

      assertThat(second).isNotEqualTo(first);
      assertThat(client.idOf("notes-value", V1)).hasValue(first);
      assertThat(client.idOf("notes-value", BAD)).isEmpty();
      assertThat(client.idOf("no-such-value", V1)).isEmpty();
      assertThat(client.lookup(new SchemaId.Numbered(first))).isEqualTo(new SchemaLookup.Found(V1));
      assertThat(client.lookup(new SchemaId.Numbered(second)))
          .isEqualTo(new SchemaLookup.Found(V2));
    }
  }

  @Test
  void shouldNotKnowWhatWasNeverRegistered() {
    try (RegistryClient client = client()) {
      assertThat(client.lookup(new SchemaId.Numbered(999_999)))
          .isInstanceOf(SchemaLookup.Unknown.class);
      assertThat(client.lookup(new SchemaId.Numbered(-1))).isInstanceOf(SchemaLookup.Unknown.class);
      assertThat(client.lookup(new SchemaId.Guid(new UUID(1, 2))))
          .isInstanceOf(SchemaLookup.Unknown.class);
    }
  }

  @Test
  void shouldRefuseAnIncompatibleSchema() {
    try (RegistryClient client = client()) {
      int id = client.register("strict-value", V1);
      client.setCompatibilityLevel("strict-value", "BACKWARD_TRANSITIVE");

      assertThat(client.compatibilityLevel("strict-value")).isEqualTo("BACKWARD_TRANSITIVE");
      assertThat(client.check("strict-value", BAD))
          .singleElement()
          .asString()
          .contains("version 1: READER_FIELD_MISSING_DEFAULT_VALUE")
          .contains("must");
      assertThatThrownBy(() -> client.register("strict-value", BAD))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(RegistryException.Kind.INCOMPATIBLE);
                assertThat(e.httpStatus()).isEqualTo(409);
              });
      assertThat(client.idOf("strict-value", V1)).hasValue(id);
    }
  }

  @Test
  void shouldRefuseALevelThatDoesNotExist() {
    try (RegistryClient client = client()) {
      assertThatThrownBy(() -> client.setCompatibilityLevel("x-value", "WHATEVER"))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.REFUSED));
    }
  }

  @Test
  void shouldTakeEverySchemaOfOursAndReadItBack() {
    try (RegistryClient client = client()) {
      for (SchemaRole role : SchemaRole.values()) {
        Schema schema = SchemaCatalog.current().schema(role);
        String subject = SchemaCatalog.subject("ours-" + role.fileName());
        int id = client.register(subject, schema);

        assertThat(client.idOf(subject, schema)).hasValue(id);
        assertThat(client.lookup(new SchemaId.Numbered(id)))
            .isInstanceOfSatisfying(
                SchemaLookup.Found.class,
                found ->
                    assertThat(SchemaCatalog.fingerprint(found.schema()))
                        .isEqualTo(SchemaCatalog.current().entry(role).fingerprint()));
      }
    }
  }

  @Test
  void shouldCarryADocumentOverTheWire() {
    try (RegistryClient client = client()) {
      int id = client.register("wire-value", SchemaCatalog.current().schema(SchemaRole.DOCUMENT));
      Document document =
          Document.newBuilder()
              .setId("1")
              .setText("text")
              .setCreatedAt(Instant.ofEpochMilli(5))
              .build();
      byte[] value = new WireSerializer<>(id, Document.class).serialize(document);
      WireDeserializer<Document> reader = new WireDeserializer<>(client, Document.class);

      assertThat(reader.decode(value, HeaderLookup.NONE)).isEqualTo(new Decoding.Value<>(document));
      assertThat(
              reader.decode(ByteBuffer.wrap(value).putInt(1, 999_998).array(), HeaderLookup.NONE))
          .isInstanceOf(Decoding.UnknownSchema.class);
    }
  }

  /** A schema whose id was given out must be there after a crash, however soon that comes. */
  @Test
  void shouldKeepIdsOverCrashes() {
    try (RegistryClient client = client()) {
      for (int round = 0; round < 3; round++) {
        Schema schema = Schema.createRecord("R" + round, "", "it", false, List.of());
        int id = client.register("crash-" + round + "-value", schema);
        registry.kill();
        registry.restart();

        assertThat(client.lookup(new SchemaId.Numbered(id)))
            .as("round %d", round)
            .isEqualTo(new SchemaLookup.Found(schema));
        assertThat(client.register("crash-" + round + "-value", schema)).isEqualTo(id);
      }
    }
  }

  @Test
  void shouldGoOnWithKnownIdsWhileTheRegistryIsDownOrFrozen() {
    try (RegistryClient client = hurriedClient();
        RegistryClient patient = client()) {
      SchemaId known = new SchemaId.Numbered(patient.register("down-value", V1));
      SchemaId later = new SchemaId.Numbered(patient.register("down-value", V2));
      assertThat(client.lookup(known)).isInstanceOf(SchemaLookup.Found.class);

      registry.pause();
      try {
        assertThat(client.lookup(known)).isInstanceOf(SchemaLookup.Found.class);
        assertUnavailableInTime(client, later);
      } finally {
        registry.resume();
      }
      registry.stop();
      try {
        assertThat(client.lookup(known)).isInstanceOf(SchemaLookup.Found.class);
        assertUnavailableInTime(client, later);
      } finally {
        registry.restart();
      }
      assertThat(patient.lookup(later)).isInstanceOf(SchemaLookup.Found.class);
    }
  }

  private static void assertUnavailableInTime(RegistryClient client, SchemaId id) {
    long begin = System.nanoTime();
    assertThat(client.lookup(id)).isInstanceOf(SchemaLookup.Unavailable.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
  }

  private static Schema parse(String json) {
    return new Schema.Parser().parse(json);
  }
}
