package dev.millrace.records;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.shape.RecordShape;
import dev.millrace.schema.SchemaLookup;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.WireFormat;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Values that are a JSON object: a document as {@link JsonDocuments} reads it, or one of another
 * shape. A value that serialisers of a registry have framed is read as well, if its schema is JSON
 * Schema: no JSON begins with a zero byte. Thread-safe; may wait for the registry for such a value.
 */
public final class JsonDecoder implements DocumentDecoder {
  private final RecordShape shape;
  private final SchemaSource schemas;

  /** Of documents as they are, where there is no registry. */
  public JsonDecoder() {
    this(RecordShape.DOCUMENT, id -> new SchemaLookup.Unusable("no registry has schema " + id));
  }

  /**
   * @param shape how the values are laid out
   * @param schemas tells what the schema of a framed value is; borrowed
   */
  public JsonDecoder(RecordShape shape, SchemaSource schemas) {
    this.shape = shape;
    this.schemas = schemas;
  }

  @Override
  public Decoded decode(SourceRecord record) {
    byte[] value = record.requireValue();
    return value.length > 0 && value[0] == 0 ? framed(record, value) : read(record, value);
  }

  private Decoded framed(SourceRecord record, byte[] value) {
    return switch (WireFormat.parse(WireFormat.Part.VALUE, value, _ -> null)) {
      case WireFormat.Framed.Bad(String message) ->
          new Decoded.Invalid(RejectReason.BAD_FRAMING, message);
      case WireFormat.Framed.Message message -> {
        String id = message.id().toString();
        yield switch (schemas.lookup(message.id())) {
          case SchemaLookup.OtherType(String type) when type.equals(SchemaKinds.JSON) ->
              read(record, Arrays.copyOfRange(value, message.offset(), value.length));
          case SchemaLookup.OtherType(String type) -> SchemaKinds.mismatch(type, id, "json");
          case SchemaLookup.Found _ -> SchemaKinds.mismatch(SchemaKinds.AVRO, id, "json");
          case SchemaLookup.Unusable(String why) ->
              new Decoded.Invalid(RejectReason.UNDECODABLE, why);
          case SchemaLookup.Unknown(String why) -> Decoded.unknownSchema(why);
          case SchemaLookup.Unavailable(String why) -> Decoded.unavailable(why);
        };
      }
    };
  }

  private Decoded read(SourceRecord record, byte[] json) {
    Optional<String> text = StrictUtf8.decode(json);
    if (text.isEmpty()) {
      return new Decoded.Invalid(
          RejectReason.INVALID_TEXT,
          String.format(Locale.ROOT, "the %d bytes of the value are not UTF-8", json.length));
    }
    return Decoded.ofMaybe(() -> document(record, JsonDocuments.parse(text.get())));
  }

  private Optional<dev.millrace.enrichment.Document> document(SourceRecord record, JsonNode root) {
    return shape.document(root, DefaultId.of(record), Instant.ofEpochMilli(record.timestamp()));
  }
}
