package dev.millrace.schema;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The Confluent wire format.
 *
 * <p>Written: a zero byte, the schema id as four bytes big endian, Avro's binary encoding. Read as
 * well: the id in a record header, as a zero byte and four bytes or as a one byte and the sixteen
 * bytes of a globally unique id; the value is then the bare encoding.
 */
public final class WireFormat {

  /** Header that names the schema of a record's value. */
  public static final String VALUE_HEADER = "__value_schema_id";

  /** Header that names the schema of a record's key. */
  public static final String KEY_HEADER = "__key_schema_id";

  /** Bytes before the encoding when the id is in the value. */
  public static final int PREFIX_BYTES = 5;

  static final byte MAGIC_ID = 0;
  static final byte MAGIC_GUID = 1;

  private static final int GUID_BYTES = 17;

  private WireFormat() {}

  /** What is in the frame. */
  public sealed interface Framed {

    /**
     * A frame as it should be.
     *
     * @param id the writer's schema
     * @param bytes the array the encoding lies in; not copied
     * @param offset where it begins
     */
    record Message(SchemaId id, byte[] bytes, int offset) implements Framed {}

    /** Not this format. */
    record Bad(String message) implements Framed {}
  }

  /** Whether a value, rather than a key, is read. */
  public enum Part {
    /** The record's key. */
    KEY(KEY_HEADER),
    /** The record's value. */
    VALUE(VALUE_HEADER);

    private final String header;

    Part(String header) {
      this.header = header;
    }
  }

  /** Finds the schema id; a header goes before the bytes. */
  public static Framed parse(Part part, byte @Nullable [] bytes, HeaderLookup headers) {
    if (bytes == null) {
      return new Framed.Bad("there are no bytes");
    }
    byte[] header = headers.last(part.header);
    return header == null ? parsePrefix(bytes) : parseHeader(part.header, header, bytes);
  }

  private static Framed parsePrefix(byte[] bytes) {
    if (bytes.length < PREFIX_BYTES) {
      return new Framed.Bad(
          String.format(
              Locale.ROOT,
              "%d bytes are too few: a zero byte and a 4-byte schema id come first",
              bytes.length));
    }
    if (bytes[0] != MAGIC_ID) {
      return new Framed.Bad(
          String.format(Locale.ROOT, "the first byte is 0x%02x, expected 0x00", bytes[0]));
    }
    return new Framed.Message(
        new SchemaId.Numbered(ByteBuffer.wrap(bytes).getInt(1)), bytes, PREFIX_BYTES);
  }

  private static Framed parseHeader(String name, byte[] header, byte[] bytes) {
    if (header.length == PREFIX_BYTES && header[0] == MAGIC_ID) {
      return new Framed.Message(new SchemaId.Numbered(ByteBuffer.wrap(header).getInt(1)), bytes, 0);
    }
    if (header.length == GUID_BYTES && header[0] == MAGIC_GUID) {
      ByteBuffer guid = ByteBuffer.wrap(header);
      return new Framed.Message(
          new SchemaId.Guid(new UUID(guid.getLong(1), guid.getLong(9))), bytes, 0);
    }
    return new Framed.Bad(
        String.format(
            Locale.ROOT,
            "the header %s has %d bytes%s, expected 0x00 and 4 or 0x01 and 16",
            name,
            header.length,
            header.length == 0
                ? ""
                : String.format(Locale.ROOT, " beginning with 0x%02x", header[0])));
  }

  /** The bytes before an encoding written with schema {@code id}. */
  static byte[] prefix(int id) {
    return ByteBuffer.allocate(PREFIX_BYTES).put(MAGIC_ID).putInt(id).array();
  }
}
