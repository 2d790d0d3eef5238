package dev.millrace.streams.wire;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.WireDeserializer;
import dev.millrace.streams.processor.Decoded;
import dev.millrace.streams.processor.DocumentDecoder;
import dev.millrace.streams.processor.Envelope;
import dev.millrace.streams.processor.PendingId;
import java.time.Instant;
import java.util.Objects;
import org.apache.kafka.common.header.Header;

/** Values that are Avro in Confluent wire format. Thread-safe; may wait for the registry. */
public final class AvroDecoder implements DocumentDecoder {

  private final WireDeserializer<dev.millrace.schema.avro.Document> wire;

  /** Reads with the schemas that {@code wire} finds. */
  public AvroDecoder(WireDeserializer<dev.millrace.schema.avro.Document> wire) {
    this.wire = wire;
  }

  @Override
  public Decoded decode(PendingId id, Envelope record) {
    Decoding<dev.millrace.schema.avro.Document> decoding =
        wire.decode(
            record.value(),
            name -> {
              Header header = record.headers().lastHeader(name);
              return header == null ? null : header.value();
            });
    return switch (decoding) {
      case Decoding.Value<dev.millrace.schema.avro.Document>(var value) ->
          document(value, id, record);
      case Decoding.BadFraming<?>(String message) ->
          new Decoded.Invalid(RejectReason.BAD_FRAMING, message);
      case Decoding.Undecodable<?>(String message) ->
          new Decoded.Invalid(RejectReason.UNDECODABLE, message);
      case Decoding.InvalidText<?>(String message) ->
          new Decoded.Invalid(RejectReason.INVALID_TEXT, message);
      case Decoding.UnknownSchema<?>(String message) -> new Decoded.UnknownSchema(message);
      case Decoding.Unavailable<?>(String message) -> new Decoded.Unavailable(message);
    };
  }

  private static Decoded document(
      dev.millrace.schema.avro.Document value, PendingId id, Envelope record) {
    if (!value.getImages().isEmpty()) {
      // Enriching the text alone would leave part of the document unread without saying so.
      return new Decoded.Invalid(
          RejectReason.INVALID_DOCUMENT,
          "the document has %d images, and this version reads text only; send it without them"
              .formatted(value.getImages().size()));
    }
    return new Decoded.Success(
        new Document(
            value.getId().isBlank() ? RecordNames.documentId(id, record) : value.getId(),
            value.getText(),
            Objects.requireNonNullElse(value.getLanguage(), ""),
            Objects.requireNonNullElse(value.getTitle(), ""),
            Objects.requireNonNullElse(value.getSource(), ""),
            Objects.requireNonNullElse(value.getTenant(), ""),
            value.getAttributes(),
            Objects.requireNonNullElse(value.getCreatedAt(), Instant.EPOCH)));
  }
}
