package dev.millrace.engine.gguf;

import dev.millrace.engine.gguf.GgufException.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What stands before a file's data.
 *
 * @param metadata keys and values
 * @param tensors in the file's order
 * @param dataStart where the data begins
 */
record GgufHeader(GgufMetadata metadata, List<Announced> tensors, long dataStart) {

  static final String ALIGNMENT = "general.alignment";
  private static final int DEFAULT_ALIGNMENT = 32;
  private static final int ALIGNMENT_MIN = 8;
  private static final int ALIGNMENT_MAX = 1 << 30;
  private static final int MAGIC = 0x46554747;
  private static final int BIG_ENDIAN_MAX = 255;
  private static final int KEY_BYTES_MAX = 65_535;
  private static final int STRING_BYTES_MAX = 1 << 30;
  private static final int TEXTS_MAX = 1 << 24;
  private static final int NAME_BYTES_MAX = 64;
  private static final int EXTENTS_MAX = 4;
  private static final int TEXT = 8;
  private static final int ARRAY = 9;

  /** Least bytes of an entry: of the metadata, of the tensors. */
  private static final int KEY_AND_VALUE_BYTES = 13;

  private static final int INFO_BYTES = 32;

  /**
   * A tensor as it is announced.
   *
   * @param extents outermost first
   * @param offset from the start of the data
   * @param bytes of its blocks
   */
  record Announced(String name, BlockType type, List<Long> extents, long offset, long bytes) {
    /** Copies the list. */
    Announced {
      extents = List.copyOf(extents);
    }
  }

  /**
   * Reads and checks a header.
   *
   * @param file for messages
   * @param data the whole file
   * @throws GgufException saying what is wrong
   */
  static GgufHeader read(Path file, MemorySegment data) {
    return new Reader(file, data).header();
  }

  /** Walks through the file, never beyond its end. */
  private static final class Reader {
    private final Path file;
    private final MemorySegment data;
    private long at;

    Reader(Path file, MemorySegment data) {
      this.file = file;
      this.data = data;
    }

    GgufHeader header() {
      int magic = (int) number(4, "the magic number");
      if (magic != MAGIC) {
        throw refuse(Kind.NOT_GGUF, "it does not begin with the letters GGUF");
      }
      long version = number(4, "the version");
      if (version > BIG_ENDIAN_MAX && Integer.reverseBytes((int) version) <= BIG_ENDIAN_MAX) {
        throw refuse(
            Kind.BIG_ENDIAN, "it is a big-endian file; convert the model to little-endian GGUF");
      }
      if (version != 2 && version != 3) {
        throw refuse(
            Kind.VERSION,
            String.format(Locale.ROOT, "GGUF version %d is not read here, only 2 and 3", version));
      }
      long tensors = count(number(8, "the number of tensors"), INFO_BYTES, "tensors");
      long entries =
          count(number(8, "the number of metadata"), KEY_AND_VALUE_BYTES, "metadata entries");
      GgufMetadata metadata = metadata(entries);
      int alignment = alignment(metadata);
      List<Announced> infos = infos(tensors, alignment);
      long start = Math.ceilDiv(at, (long) alignment) * alignment;
      requirePlaces(infos, Math.max(0, data.byteSize() - start));
      return new GgufHeader(metadata, infos, Math.min(start, data.byteSize()));
    }

    private int alignment(GgufMetadata metadata) {
      if (!metadata.has(ALIGNMENT)) {
        return DEFAULT_ALIGNMENT;
      }
      int alignment;
      try {
        alignment = metadata.requiredInteger(ALIGNMENT, ALIGNMENT_MIN, ALIGNMENT_MAX);
      } catch (GgufException e) {
        throw new GgufException(Kind.ALIGNMENT, file, ALIGNMENT + " is no power of two", e);
      }
      if (Integer.bitCount(alignment) != 1) {
        throw refuse(
            Kind.ALIGNMENT,
            String.format(Locale.ROOT, "%s is %d, no power of two", ALIGNMENT, alignment));
      }
      return alignment;
    }

    // ---- metadata

    private GgufMetadata metadata(long entries) {
      Map<String, GgufValue> values = new LinkedHashMap<>();
      for (long i = 0; i < entries; i++) {
        String key = string(KEY_BYTES_MAX, "a key of the metadata");
        if (values.put(key, value(key, (int) number(4, "the type of a value"))) != null) {
          throw refuse(Kind.METADATA_DUPLICATE, "metadata %s is there twice".formatted(shown(key)));
        }
      }
      return new GgufMetadata(file, values);
    }

    private GgufValue value(String key, int type) {
      int bytes = GgufValue.Numbers.bytes(type);
      if (bytes > 0) {
        require(bytes, "metadata " + shown(key));
        GgufValue value = GgufValue.Numbers.read(type, data, at);
        at += bytes;
        return value;
      }
      return switch (type) {
        case TEXT -> new GgufValue.Text(string(STRING_BYTES_MAX, "metadata " + shown(key)));
        case ARRAY -> array(key);
        default ->
            throw refuse(
                Kind.METADATA_TYPE,
                String.format(
                    Locale.ROOT,
                    "metadata %s has the unknown value type %s",
                    shown(key),
                    Integer.toUnsignedString(type)));
      };
    }

    private GgufValue array(String key) {
      int type = (int) number(4, "the type of an array");
      int bytes = GgufValue.Numbers.bytes(type);
      if (bytes == 0 && type != TEXT) {
        throw refuse(
            Kind.METADATA_TYPE,
            "metadata %s is an array of %s; expected numbers, truth values or texts"
                .formatted(shown(key), type == ARRAY ? "arrays" : "an unknown type"));
      }
      long count =
          count(
              number(8, "the length of an array"),
              type == TEXT ? Long.BYTES : bytes,
              "elements of " + shown(key));
      if (bytes > 0) {
        GgufValue numbers = new GgufValue.Numbers(type, count, data.asSlice(at, count * bytes));
        at += count * bytes;
        return numbers;
      }
      if (count > TEXTS_MAX) {
        throw refuse(
            Kind.LENGTH,
            String.format(
                Locale.ROOT,
                "metadata %s has %,d texts, at most %,d are read",
                shown(key),
                count,
                TEXTS_MAX));
      }
      List<String> texts = new ArrayList<>();
      for (long i = 0; i < count; i++) {
        texts.add(string(STRING_BYTES_MAX, "metadata " + shown(key)));
      }
      return new GgufValue.Texts(texts);
    }

    // ---- tensors

    private List<Announced> infos(long tensors, int alignment) {
      Map<String, Announced> infos = new LinkedHashMap<>();
      for (long i = 0; i < tensors; i++) {
        Announced info = info(alignment);
        if (infos.put(info.name(), info) != null) {
          throw refuse(
              Kind.TENSOR_DUPLICATE, "tensor %s is there twice".formatted(shown(info.name())));
        }
      }
      return List.copyOf(infos.values());
    }

    private Announced info(int alignment) {
      long length = number(8, "a tensor's name");
      if (Long.compareUnsigned(length, NAME_BYTES_MAX) > 0 || length == 0) {
        throw refuse(
            Kind.TENSOR_NAME,
            String.format(
                Locale.ROOT,
                "a tensor's name has %s bytes, expected 1 to %d",
                Long.toUnsignedString(length),
                NAME_BYTES_MAX));
      }
      at -= Long.BYTES;
      String name = string(NAME_BYTES_MAX, "a tensor's name");
      long rank = number(4, "tensor " + shown(name));
      if (rank < 1 || rank > EXTENTS_MAX) {
        throw shape(name, String.format(Locale.ROOT, "has %d dimensions, expected 1 to 4", rank));
      }
      List<Long> extents = new ArrayList<>();
      for (long i = 0; i < rank; i++) {
        extents.addFirst(number(8, "tensor " + shown(name)));
      }
      int number = (int) number(4, "tensor " + shown(name));
      BlockType type =
          BlockType.of(number)
              .orElseThrow(() ->
                  refuse(
                      Kind.TENSOR_TYPE,
                      "tensor %s has the type %s, which is not read here; expected one of %s"
                          .formatted(
                              shown(name), BlockType.name(number), List.of(BlockType.values()))));
      long bytes = bytes(name, type, extents);
      long offset = number(8, "tensor " + shown(name));
      if (offset < 0 || offset % alignment != 0) {
        throw refuse(
            Kind.OFFSET,
            String.format(
                Locale.ROOT,
                "tensor %s lies at %s, expected a multiple of %d",
                shown(name),
                Long.toUnsignedString(offset),
                alignment));
      }
      return new Announced(name, type, extents, offset, bytes);
    }

    private long bytes(String name, BlockType type, List<Long> extents) {
      long values = 1;
      for (long extent : extents) {
        if (extent < 1 || Math.multiplyHigh(values, extent) != 0 || values * extent < 0) {
          throw shape(name, "has the extents " + extents);
        }
        values *= extent;
      }
      if (extents.getLast() % type.valuesPerBlock() != 0) {
        throw shape(
            name,
            String.format(
                Locale.ROOT,
                "has rows of %d values, which are not whole %s blocks of %d",
                extents.getLast(),
                type,
                type.valuesPerBlock()));
      }
      long blocks = values / type.valuesPerBlock();
      if (blocks > Long.MAX_VALUE / type.bytesPerBlock()) {
        throw shape(name, "has the extents " + extents);
      }
      return blocks * type.bytesPerBlock();
    }

    /** Data must be there, and no two tensors share any. */
    private void requirePlaces(List<Announced> infos, long dataBytes) {
      List<Announced> ordered = new ArrayList<>(infos);
      Collections.sort(ordered, (a, b) -> Long.compare(a.offset(), b.offset()));
      long end = 0;
      String before = "";
      for (Announced info : ordered) {
        if (info.offset() < end) {
          throw refuse(
              Kind.OFFSET,
              "tensors %s and %s overlap".formatted(shown(before), shown(info.name())));
        }
        if (info.offset() > dataBytes || info.bytes() > dataBytes - info.offset()) {
          throw refuse(
              info.offset() > dataBytes ? Kind.OFFSET : Kind.TRUNCATED,
              String.format(
                  Locale.ROOT,
                  "tensor %s ends %,d bytes behind the %,d bytes of data; the file is cut off",
                  shown(info.name()),
                  info.offset() - dataBytes + info.bytes(),
                  dataBytes));
        }
        end = info.offset() + info.bytes();
        before = info.name();
      }
    }

    // ---- bytes

    private void require(long bytes, String what) {
      if (bytes > data.byteSize() - at) {
        throw refuse(
            Kind.TRUNCATED,
            String.format(
                Locale.ROOT, "it ends after %,d bytes, within %s", data.byteSize(), what));
      }
    }

    private long number(int bytes, String what) {
      require(bytes, what);
      GgufValue value = GgufValue.Numbers.read(bytes == 8 ? 10 : 4, data, at);
      at += bytes;
      return ((GgufValue.Whole) value).value();
    }

    /** A count of things of which each takes bytes: that many must be left. */
    private long count(long count, int bytesEach, String what) {
      long left = (data.byteSize() - at) / bytesEach;
      if (Long.compareUnsigned(count, left) > 0) {
        // a file cut short looks the same as one with a wrong count
        throw refuse(
            Kind.LENGTH,
            String.format(
                Locale.ROOT,
                "it announces %s %s, but what is left of it has room for %,d",
                Long.toUnsignedString(count),
                what,
                left));
      }
      return count;
    }

    private String string(int bytesMax, String what) {
      long length = number(8, what);
      if (Long.compareUnsigned(length, Math.min(bytesMax, data.byteSize() - at)) > 0) {
        throw refuse(
            Kind.LENGTH,
            String.format(
                Locale.ROOT,
                "%s has %s bytes; %,d are left of the file, at most %,d are read",
                what,
                Long.toUnsignedString(length),
                data.byteSize() - at,
                bytesMax));
      }
      byte[] bytes = new byte[(int) length];
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, bytes, 0, bytes.length);
      at += length;
      return new String(bytes, StandardCharsets.UTF_8);
    }

    private GgufException shape(String name, String problem) {
      return refuse(Kind.SHAPE, "tensor %s %s".formatted(shown(name), problem));
    }

    private GgufException refuse(Kind kind, String problem) {
      return new GgufException(kind, file, problem);
    }

    private static String shown(String name) {
      return name.length() <= 60 ? name : name.substring(0, 60) + "…";
    }
  }
}
