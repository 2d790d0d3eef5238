package dev.millrace.schema;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.Locale;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Reads Avro records of any schema as trees of plain values, with what their writers' schemas say:
 * of a union the branch that was written, of a logical type its meaning.
 *
 * <p>Whatever bytes and schema are, the answer is a value, reached without allocating more than a
 * small multiple of the bytes. Thread-safe.
 */
public final class TreeDeserializer {
  private final SchemaSource source;
  private final Selection wanted;

  /**
   * A record's value.
   *
   * @param schema full name of the writer's schema
   * @param root null, Boolean, Long, Float, Double, BigDecimal, String, byte[], List, or Map by
   *     field, in the schema's order; times are ISO 8601 texts
   */
  public record Tree(String schema, @Nullable Object root) {}

  /**
   * A deserializer.
   *
   * @param source where writers' schemas come from; borrowed
   * @param wanted what is read of each record
   */
  public TreeDeserializer(SchemaSource source, Selection wanted) {
    this.source = source;
    this.wanted = wanted;
  }

  /** Reads a record's value. May wait for the source. */
  public Decoding<Tree> decode(byte @Nullable [] value, HeaderLookup headers) {
    return switch (WireFormat.parse(WireFormat.Part.VALUE, value, headers)) {
      case WireFormat.Framed.Bad(String message) -> new Decoding.BadFraming<>(message);
      case WireFormat.Framed.Message message ->
          switch (source.lookup(message.id())) {
            case SchemaLookup.Found(Schema schema) -> decode(message, schema);
            case SchemaLookup.OtherType(String type) ->
                new Decoding.OtherType<>(type, message.id().toString());
            case SchemaLookup.Unknown(String why) -> new Decoding.UnknownSchema<>(why);
            case SchemaLookup.Unusable(String why) -> new Decoding.Undecodable<>(why);
            case SchemaLookup.Unavailable(String why) -> new Decoding.Unavailable<>(why);
          };
    };
  }

  private Decoding<Tree> decode(WireFormat.Framed.Message message, Schema writer) {
    BoundedDecoder decoder = new BoundedDecoder(message.bytes(), message.offset());
    try {
      Object root = new TreeReader(decoder).read(writer, wanted);
      if (decoder.remaining() > 0) {
        return undecodable(message, writer, decoder.remaining() + " bytes follow the end");
      }
      return new Decoding.Value<>(new Tree(writer.getFullName(), root));
    } catch (CharacterCodingException e) {
      return new Decoding.InvalidText<>(
          String.format(
              Locale.ROOT,
              "a text in %d bytes written with schema %s is not UTF-8",
              message.bytes().length - message.offset(),
              message.id()));
    } catch (IOException | AvroTypeException e) {
      return undecodable(message, writer, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      return undecodable(message, writer, e.getClass().getSimpleName());
    }
  }

  private static Decoding<Tree> undecodable(
      WireFormat.Framed.Message message, Schema writer, String why) {
    return new Decoding.Undecodable<>(
        String.format(
            Locale.ROOT,
            "%d bytes are not what schema %s (%s) says: %s",
            message.bytes().length - message.offset(),
            message.id(),
            writer.getFullName(),
            why));
  }
}
