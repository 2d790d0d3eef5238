package dev.millrace.schema;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.AvroTypeException;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * One value as a tree. Values that take no bytes (nulls, empty records) are limited by number, and
 * so is the depth: a schema of a few lines can describe a billion of them. Used once.
 */
final class TreeReader {
  private static final int DEPTH_MAX = 500;

  /** A number of more bytes would take long to write out. */
  private static final int DECIMAL_BYTES_MAX = 512;

  private static final int UUID_BYTES = 16;

  private final BoundedDecoder in;
  private long valuesLeft;
  private int depth;

  TreeReader(BoundedDecoder in) {
    this.in = in;
    this.valuesLeft = (long) in.remaining() + BoundedDecoder.SPARE_ITEMS;
  }

  /**
   * Reads a value; what is not wanted of it is skipped.
   *
   * @throws AvroTypeException if the bytes are not what the schema says
   */
  @Nullable Object read(Schema schema, Selection wanted) throws IOException {
    enter();
    Object value =
        switch (schema.getType()) {
          case NULL -> null;
          case BOOLEAN -> in.readBoolean();
          case INT -> whole(schema, in.readInt());
          case LONG -> whole(schema, in.readLong());
          case FLOAT -> in.readFloat();
          case DOUBLE -> in.readDouble();
          case STRING -> in.readString();
          case BYTES -> bytes(schema, in.readBytes(null));
          case FIXED -> bytes(schema, ByteBuffer.wrap(fixed(schema)));
          case ENUM -> symbol(schema);
          case UNION -> read(branch(schema), wanted);
          case ARRAY -> array(schema.getElementType());
          case MAP -> map(schema.getValueType(), wanted);
          case RECORD -> record(schema, wanted);
        };
    depth--;
    return value;
  }

  private void enter() {
    if (--valuesLeft < 0) {
      throw new AvroTypeException("it declares more values than its bytes can hold");
    }
    if (++depth > DEPTH_MAX) {
      throw new AvroTypeException("it is nested deeper than " + DEPTH_MAX + " levels");
    }
  }

  private static Object whole(Schema schema, long value) {
    LogicalTime time = time(schema);
    return time == null ? (Object) value : time.text(value);
  }

  /** What Connect's converter does not write as a logical type it still names. */
  private static @Nullable LogicalTime time(Schema schema) {
    LogicalTime time = LogicalTime.named(schema.getProp("logicalType"));
    return time == null ? LogicalTime.named(schema.getProp("connect.name")) : time;
  }

  private Object bytes(Schema schema, ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    if (schema.getLogicalType() instanceof LogicalTypes.Decimal decimal
        && bytes.length > 0
        && bytes.length <= DECIMAL_BYTES_MAX) {
      return new BigDecimal(new BigInteger(bytes), decimal.getScale());
    }
    if ("uuid".equals(schema.getProp("logicalType")) && bytes.length == UUID_BYTES) {
      ByteBuffer both = ByteBuffer.wrap(bytes);
      return new UUID(both.getLong(), both.getLong()).toString();
    }
    return bytes;
  }

  private byte[] fixed(Schema schema) throws IOException {
    int size = schema.getFixedSize();
    if (size > in.remaining()) {
      // Before anything of that size is allocated.
      in.skipFixed(size);
    }
    byte[] bytes = new byte[size];
    in.readFixed(bytes, 0, size);
    return bytes;
  }

  private String symbol(Schema schema) throws IOException {
    List<String> symbols = schema.getEnumSymbols();
    int index = in.readEnum();
    if (index < 0 || index >= symbols.size()) {
      throw new AvroTypeException("an enum has no symbol of the number that is written");
    }
    return symbols.get(index);
  }

  private Schema branch(Schema schema) throws IOException {
    List<Schema> branches = schema.getTypes();
    int index = in.readIndex();
    if (index < 0 || index >= branches.size()) {
      throw new AvroTypeException("a union has no branch of the number that is written");
    }
    return branches.get(index);
  }

  /** A path may lead into a list by number: all entries are read, whichever it is. */
  private List<@Nullable Object> array(Schema element) throws IOException {
    List<@Nullable Object> list = new ArrayList<>();
    for (long left = in.readArrayStart(); left > 0; left = in.arrayNext()) {
      for (long i = 0; i < left; i++) {
        list.add(read(element, Selection.ALL));
      }
    }
    return list;
  }

  private Map<String, @Nullable Object> map(Schema values, Selection wanted) throws IOException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (long left = in.readMapStart(); left > 0; left = in.mapNext()) {
      for (long i = 0; i < left; i++) {
        readInto(map, in.readString(), values, wanted);
      }
    }
    return map;
  }

  private Map<String, @Nullable Object> record(Schema schema, Selection wanted) throws IOException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (Schema.Field field : schema.getFields()) {
      readInto(map, field.name(), field.schema(), wanted);
    }
    return map;
  }

  private void readInto(
      Map<String, @Nullable Object> map, String name, Schema schema, Selection wanted)
      throws IOException {
    Selection own = wanted.of(name);
    if (own == null) {
      skip(schema);
    } else {
      map.put(name, read(schema, own));
    }
  }

  private void skip(Schema schema) throws IOException {
    enter();
    switch (schema.getType()) {
      case NULL -> {}
      case BOOLEAN -> {
        boolean _ = in.readBoolean();
      }
      case INT -> {
        int _ = in.readInt();
      }
      case LONG -> {
        long _ = in.readLong();
      }
      case FLOAT -> in.skipFixed(Float.BYTES);
      case DOUBLE -> in.skipFixed(Double.BYTES);
      case STRING -> in.skipString();
      case BYTES -> in.skipBytes();
      case FIXED -> in.skipFixed(schema.getFixedSize());
      case ENUM -> {
        String _ = symbol(schema);
      }
      case UNION -> skip(branch(schema));
      case ARRAY -> {
        for (long left = in.skipArray(); left > 0; left = in.skipArray()) {
          for (long i = 0; i < left; i++) {
            skip(schema.getElementType());
          }
        }
      }
      case MAP -> {
        for (long left = in.skipMap(); left > 0; left = in.skipMap()) {
          for (long i = 0; i < left; i++) {
            in.skipString();
            skip(schema.getValueType());
          }
        }
      }
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          skip(field.schema());
        }
      }
    }
    depth--;
  }
}
