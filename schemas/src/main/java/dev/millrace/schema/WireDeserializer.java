package dev.millrace.schema;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaCompatibility.SchemaPairCompatibility;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Reads records from the wire: with the schema they were written with, into the class of ours.
 *
 * <p>Whatever the bytes are, the answer is a value, reached without allocating more than a small
 * multiple of them. Thread-safe.
 *
 * @param <T> class of the records
 */
public final class WireDeserializer<T extends SpecificRecord> {

  static {
    TrustedClasses.trust();
  }

  private static final int CHECKED_MAX = 1_000;

  private final SchemaSource source;
  private final Class<T> type;
  private final RecordClasses classes;
  private final Schema readerSchema;

  /** Why a writer's schema cannot be read as ours; empty if it can. */
  private final Map<Schema, String> checked;

  /**
   * A deserializer.
   *
   * @param source where writers' schemas come from; borrowed
   * @param type generated class of the records
   */
  public WireDeserializer(SchemaSource source, Class<T> type) {
    this.source = source;
    this.type = type;
    this.classes = new RecordClasses(type);
    this.readerSchema = classes.schema();
    this.checked = new BoundedCache<>(CHECKED_MAX);
  }

  /** Reads a record's value. May wait for the source. */
  public Decoding<T> decode(byte @Nullable [] value, HeaderLookup headers) {
    return decode(WireFormat.Part.VALUE, value, headers);
  }

  /** Reads a part of a record. May wait for the source. */
  public Decoding<T> decode(WireFormat.Part part, byte @Nullable [] bytes, HeaderLookup headers) {
    return switch (WireFormat.parse(part, bytes, headers)) {
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

  private Decoding<T> decode(WireFormat.Framed.Message message, Schema writer) {
    String mismatch = mismatch(writer);
    if (!mismatch.isEmpty()) {
      return undecodable(message, mismatch);
    }
    BoundedDecoder decoder = new BoundedDecoder(message.bytes(), message.offset());
    try {
      SpecificDatumReader<T> reader = new SpecificDatumReader<>(writer, readerSchema, classes);
      T value = type.cast(reader.read(null, decoder));
      if (decoder.remaining() > 0) {
        return undecodable(message, decoder.remaining() + " bytes follow the end of the record");
      }
      return new Decoding.Value<>(value);
    } catch (CharacterCodingException e) {
      return new Decoding.InvalidText<>(
          String.format(
              Locale.ROOT,
              "a text in %d bytes written with schema %s is not UTF-8",
              message.bytes().length - message.offset(),
              message.id()));
    } catch (IOException | AvroTypeException e) {
      return undecodable(message, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // Avro reports hostile bytes in many ways; its words may quote them, so only its name is
      // kept.
      return undecodable(message, e.getClass().getSimpleName());
    } catch (StackOverflowError e) {
      return undecodable(message, "it is nested too deeply");
    }
  }

  private Decoding<T> undecodable(WireFormat.Framed.Message message, String why) {
    return new Decoding.Undecodable<>(
        String.format(
            Locale.ROOT,
            "%d bytes written with schema %s are not a %s: %s",
            message.bytes().length - message.offset(),
            message.id(),
            readerSchema.getName(),
            why));
  }

  private String mismatch(Schema writer) {
    synchronized (checked) {
      String known = checked.get(writer);
      if (known != null) {
        return known;
      }
    }
    String found = check(writer);
    synchronized (checked) {
      checked.put(writer, found);
    }
    return found;
  }

  private String check(Schema writer) {
    try {
      SchemaPairCompatibility pair =
          SchemaCompatibility.checkReaderWriterCompatibility(readerSchema, writer);
      return pair.getType() == SchemaCompatibilityType.COMPATIBLE
          ? ""
          : "the writer's schema %s cannot be read as ours: %s"
              .formatted(writer.getFullName(), Incompatibilities.of(pair));
    } catch (AvroRuntimeException | StackOverflowError e) {
      return "the writer's schema cannot be compared with ours: " + e.getClass().getSimpleName();
    }
  }
}
