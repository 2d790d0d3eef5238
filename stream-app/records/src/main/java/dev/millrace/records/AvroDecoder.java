package dev.millrace.records;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.WireDeserializer;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Values that are Avro documents in Confluent wire format. Thread-safe; may wait for the registry.
 */
public final class AvroDecoder implements DocumentDecoder {
  private final WireDeserializer<dev.millrace.schema.avro.Document> deserializer;

  /**
   * @param schemas borrowed
   */
  public AvroDecoder(SchemaSource schemas) {
    deserializer = new WireDeserializer<>(schemas, dev.millrace.schema.avro.Document.class);
  }

  @Override
  public Decoded decode(SourceRecord record) {
    return switch (deserializer.decode(record.requireValue(), name -> last(record, name))) {
      case Decoding.Value<dev.millrace.schema.avro.Document>(var document) ->
          document.getImages().isEmpty()
              ? Decoded.of(() -> fromAvro(document, Instant.ofEpochMilli(record.timestamp())))
              : withImages(document.getImages().size());
      case Decoding.BadFraming<?>(String message) ->
          new Decoded.Invalid(RejectReason.BAD_FRAMING, message);
      case Decoding.Undecodable<?>(String message) ->
          new Decoded.Invalid(RejectReason.UNDECODABLE, message);
      case Decoding.InvalidText<?>(String message) ->
          new Decoded.Invalid(RejectReason.INVALID_TEXT, message);
      case Decoding.UnknownSchema<?>(String message) -> Decoded.unknownSchema(message);
      case Decoding.Unavailable<?>(String message) -> Decoded.unavailable(message);
    };
  }

  /** Enriching the text alone would leave part of the document unread without saying so. */
  private static Decoded withImages(int images) {
    return new Decoded.Invalid(
        RejectReason.INVALID_DOCUMENT,
        String.format(
            Locale.ROOT,
            "the document has %d images, and this version reads text only; send it without them",
            images));
  }

  private static byte @Nullable [] last(SourceRecord record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : header.value();
  }

  private static Document fromAvro(
      dev.millrace.schema.avro.Document document, Instant defaultCreatedAt) {
    Instant createdAt = document.getCreatedAt();
    return new Document(
        document.getId(),
        document.getText(),
        orEmpty(document.getLanguage()),
        orEmpty(document.getTitle()),
        orEmpty(document.getSource()),
        orEmpty(document.getTenant()),
        document.getAttributes(),
        createdAt == null ? defaultCreatedAt : createdAt);
  }

  /** The same document as the class of the wire. */
  static dev.millrace.schema.avro.Document toAvro(Document document) {
    return dev.millrace.schema.avro.Document.newBuilder()
        .setId(document.id())
        .setText(document.text())
        .setLanguage(orNull(document.language()))
        .setTitle(orNull(document.title()))
        .setSource(orNull(document.source()))
        .setTenant(orNull(document.tenant()))
        .setAttributes(document.attributes())
        .setImages(List.of())
        .setCreatedAt(document.createdAt().equals(Instant.EPOCH) ? null : document.createdAt())
        .build();
  }

  static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
