package dev.millrace.streams.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaId;
import dev.millrace.schema.SchemaLookup;
import dev.millrace.schema.SchemaRole;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.schema.WireSerializer;
import dev.millrace.schema.avro.Image;
import dev.millrace.streams.processor.DeadLetter;
import dev.millrace.streams.processor.Decoded;
import dev.millrace.streams.processor.Envelope;
import dev.millrace.streams.processor.PendingId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class AvroCodecTest {

  private static final int DOCUMENT = 1;
  private static final int ENRICHED = 2;
  private static final int DEAD = 3;
  private static final SchemaSource SCHEMAS = AvroCodecTest::schema;
  private static final PendingId SOURCE = new PendingId(3, 42);

  private final AvroDecoder decoder =
      new AvroDecoder(new WireDeserializer<>(SCHEMAS, dev.millrace.schema.avro.Document.class));
  private final AvroEncoder encoder =
      new AvroEncoder(new AvroEncoder.SchemaIds(ENRICHED, ENRICHED, DEAD), "0.1.0");
  private final AvroOutcomes outcomes = new AvroOutcomes(SCHEMAS, "quarantined", "dead");

  @Test
  void shouldReadTheDocumentThatWasWritten() {
    Document document =
        new Document(
            "doc-1",
            "some text",
            "en",
            "A title",
            "a source",
            "a tenant",
            Map.of("colour", "blue"),
            Instant.ofEpochMilli(1_700_000_000_123L));

    assertThat(decode(new AvroDocuments(DOCUMENT).encode(document)))
        .isEqualTo(new Decoded.Success(document));
  }

  @Test
  void shouldReadADocumentThatHasNothingButItsText() {
    Document document = Document.of("doc-1", "some text", "");

    assertThat(decode(new AvroDocuments(DOCUMENT).encode(document)))
        .isEqualTo(new Decoded.Success(document));
  }

  @Test
  void shouldRefuseImagesRatherThanLeaveThemUnread() {
    byte[] value =
        new WireSerializer<>(DOCUMENT, dev.millrace.schema.avro.Document.class)
            .serialize(
                dev.millrace.schema.avro.Document.newBuilder()
                    .setId("doc-1")
                    .setText("text")
                    .setImages(
                        List.of(new Image("i", "image/png", ByteBuffer.wrap(new byte[3]), null)))
                    .build());

    assertThat(decode(value))
        .isInstanceOfSatisfying(
            Decoded.Invalid.class,
            invalid -> {
              assertThat(invalid.reason()).isEqualTo(RejectReason.INVALID_DOCUMENT);
              assertThat(invalid.message()).contains("1 images");
            });
  }

  @Test
  void shouldTellEachKindOfBadBytesApart() {
    byte[] good = new AvroDocuments(DOCUMENT).encode(Document.of("doc-1", "some text", ""));
    byte[] wrongMagic = good.clone();
    wrongMagic[0] = 7;
    byte[] truncated = Arrays.copyOf(good, good.length - 3);
    byte[] unknown = good.clone();
    unknown[4] = 99;
    byte[] away = good.clone();
    away[4] = 98;

    assertThat(reason(decode(wrongMagic))).isEqualTo(RejectReason.BAD_FRAMING);
    assertThat(reason(decode(truncated))).isEqualTo(RejectReason.UNDECODABLE);
    assertThat(decode(unknown)).isEqualTo(new Decoded.UnknownSchema("no such schema"));
    assertThat(decode(away)).isEqualTo(new Decoded.Unavailable("no answer"));
  }

  @Test
  void shouldReadTheEnrichmentThatWasWritten() {
    for (Enrichment enrichment : List.of(EnrichmentSample.full(), EnrichmentSample.bare())) {
      byte[] value = encoder.enriched(enrichment, "documents", SOURCE);

      assertThat(outcomes.read(record("enriched", value)))
          .isEqualTo(
              new AvroOutcomes.Read(enrichment.document().id(), new Outcome.Enriched(enrichment)));
    }
  }

  @Test
  void shouldTellAQuarantinedDocumentByItsTopic() {
    byte[] value = encoder.quarantined(EnrichmentSample.full(), "documents", SOURCE);

    assertThat(outcomes.read(record("quarantined", value)).outcome())
        .isEqualTo(new Outcome.Quarantined(EnrichmentSample.full()));
  }

  @Test
  void shouldKeepADeadLettersBytesHeadersAndReason() {
    RecordHeaders headers = new RecordHeaders();
    headers.add("trace", "t-1".getBytes(StandardCharsets.UTF_8));
    headers.add("millrace.redrives", "2".getBytes(StandardCharsets.UTF_8));
    byte[] value = encoder.deadLetter(letter("key-1".getBytes(StandardCharsets.UTF_8), headers));

    assertThat(outcomes.read(record("dead", value)))
        .isEqualTo(
            new AvroOutcomes.Read(
                "key-1", new Outcome.Rejected(RejectReason.UNDECODABLE, "3 bytes, expected 4")));
    var read =
        new WireDeserializer<>(SCHEMAS, dev.millrace.schema.avro.DeadLetter.class)
            .decode(value, name -> null);
    assertThat(read)
        .isInstanceOfSatisfying(
            dev.millrace.schema.Decoding.Value.class,
            found -> {
              var letter = (dev.millrace.schema.avro.DeadLetter) found.value();
              assertThat(letter.getValue()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
              assertThat(letter.getRedrives()).isEqualTo(2);
              assertThat(letter.getHeaders()).hasSize(2);
              assertThat(letter.getSourcePosition().getOffset()).isEqualTo(42);
            });
  }

  @Test
  void shouldNameADeadLetterByItsPositionWhereItHasNoKey() {
    byte[] value = encoder.deadLetter(letter(null, new RecordHeaders()));

    assertThat(outcomes.read(record("dead", value)).id()).isEqualTo("documents-3-42");
  }

  @Test
  void shouldSayWhichRecordCannotBeRead() {
    assertThatThrownBy(() -> outcomes.read(record("enriched", new byte[] {9, 9})))
        .isInstanceOf(AvroOutcomes.UnreadableOutcomeException.class)
        .hasMessageContaining("enriched-1@5");
  }

  private Decoded decode(byte[] value) {
    return decoder.decode(
        SOURCE, new Envelope("documents", 5, 5, 0, null, new RecordHeaders(), value));
  }

  private static RejectReason reason(Decoded decoded) {
    return ((Decoded.Invalid) decoded).reason();
  }

  private static DeadLetter letter(
      byte @org.jspecify.annotations.Nullable [] key, RecordHeaders h) {
    return new DeadLetter(
        RejectReason.UNDECODABLE,
        "3 bytes, expected 4",
        "documents",
        SOURCE,
        1_700_000_000_000L,
        key,
        h,
        new byte[] {1, 2, 3},
        3,
        "ef".repeat(32),
        false,
        1,
        1_700_000_000_500L);
  }

  private static ConsumerRecord<byte[], byte[]> record(String topic, byte[] value) {
    return new ConsumerRecord<>(topic, 1, 5, new byte[0], value);
  }

  private static SchemaLookup schema(SchemaId id) {
    String text = id.toString();
    SchemaCatalog catalog = SchemaCatalog.current();
    if (text.endsWith("98")) {
      return new SchemaLookup.Unavailable("no answer");
    }
    if (text.endsWith("99")) {
      return new SchemaLookup.Unknown("no such schema");
    }
    int last = text.charAt(text.length() - 1) - '0';
    return new SchemaLookup.Found(
        catalog.schema(
            last == DOCUMENT
                ? SchemaRole.DOCUMENT
                : last == ENRICHED ? SchemaRole.ENRICHED_DOCUMENT : SchemaRole.DEAD_LETTER));
  }
}
