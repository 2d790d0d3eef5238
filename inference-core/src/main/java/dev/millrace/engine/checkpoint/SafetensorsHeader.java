package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The header of a safetensors file: names, types, shapes and places. Parsed as a stream, so that it
 * never takes more memory than what it describes.
 */
final class SafetensorsHeader {

  /** The format's own limit. */
  static final long BYTES_MAX = 100_000_000;

  static final int TENSORS_MAX = 250_000;
  static final int RANK_MAX = 8;

  private final Path file;
  private final long dataBytes;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /** A tensor and where its data begins, counted from the end of the header. */
  record Entry(TensorInfo info, long begin, long end) {}

  private SafetensorsHeader(Path file, long dataBytes) {
    this.file = file;
    this.dataBytes = dataBytes;
  }

  /** Parses and checks; {@code dataBytes} is what follows the header in the file. */
  static SafetensorsHeader parse(Path file, byte[] json, long dataBytes) {
    SafetensorsHeader header = new SafetensorsHeader(file, dataBytes);
    try (JsonParser parser = JsonFile.FACTORY.createParser(json)) {
      header.readAll(parser);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file, "its header is not valid JSON: " + JsonFile.shortMessage(e), e);
    } catch (IOException e) {
      throw new CheckpointException(file, "its header is not valid JSON: " + e, e);
    }
    header.checkLayout();
    return header;
  }

  Map<String, Entry> entries() {
    return entries;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  private void readAll(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new CheckpointException(file, "its header is not a JSON object");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("__metadata__") && value == JsonToken.VALUE_NULL) {
        continue;
      }
      if (value != JsonToken.START_OBJECT) {
        throw refuse(name, "its header entry is not an object");
      }
      if (name.equals("__metadata__")) {
        readMetadata(parser);
        continue;
      }
      if (entries.size() == TENSORS_MAX) {
        throw new CheckpointException(
            file,
            String.format(Locale.ROOT, "its header names more than %,d tensors", TENSORS_MAX));
      }
      entries.put(name, readEntry(parser, name));
    }
    if (parser.nextToken() != null) {
      throw new CheckpointException(file, "its header goes on after the JSON object");
    }
  }

  private void readMetadata(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw new CheckpointException(
            file, "__metadata__ maps \"%s\" to something other than text".formatted(brief(key)));
      }
      metadata.put(key, parser.getText());
    }
  }

  private Entry readEntry(JsonParser parser, String name) throws IOException {
    String type = "";
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (key) {
        case "dtype" -> type = value == JsonToken.VALUE_STRING ? parser.getText() : "";
        case "shape" -> shape = readIntegers(parser, name, key, RANK_MAX);
        case "data_offsets" -> offsets = readIntegers(parser, name, key, 2);
        default -> parser.skipChildren();
      }
    }
    if (shape == null || offsets == null || offsets.length != 2) {
      throw refuse(name, "its header entry needs dtype, shape and two data_offsets");
    }
    return entry(name, dtype(name, type), Shape.of(shape), offsets[0], offsets[1]);
  }

  private Entry entry(String name, DType type, Shape shape, long begin, long end) {
    if (begin > end || end > dataBytes) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "its data_offsets are [%d, %d], outside the file's %d bytes of data",
              begin,
              end,
              dataBytes));
    }
    TensorInfo info = new TensorInfo(name, type, shape);
    long bytes;
    try {
      bytes = info.bytes();
    } catch (ArithmeticException e) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "%s %s needs more than 2^63 bytes, its data_offsets give %d",
              type,
              shape,
              end - begin));
    }
    if (!type.fillsBytes(shape.elements())) {
      throw refuse(name, "%s %s is no whole number of bytes".formatted(type, shape));
    }
    if (bytes != end - begin) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "%s %s needs %d bytes, its data_offsets give %d",
              type,
              shape,
              bytes,
              end - begin));
    }
    return new Entry(info, begin, end);
  }

  private DType dtype(String name, String text) {
    for (DType type : DType.values()) {
      if (type.name().equals(text)) {
        return type;
      }
    }
    throw refuse(name, "its dtype \"%s\" is not supported".formatted(brief(text)));
  }

  private long[] readIntegers(JsonParser parser, String name, String key, int sizeMax)
      throws IOException {
    long[] values = new long[sizeMax];
    int size = 0;
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw refuse(name, key + " is not a list");
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean whole = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
      if (!whole || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw refuse(name, key + " holds something other than 64-bit integers");
      }
      if (size == sizeMax) {
        throw refuse(name, String.format(Locale.ROOT, "%s has more than %d entries", key, sizeMax));
      }
      long value = parser.getLongValue();
      if (value < 0) {
        throw refuse(
            name, String.format(Locale.ROOT, "%s holds the negative number %d", key, value));
      }
      values[size++] = value;
    }
    return Arrays.copyOf(values, size);
  }

  /** Every byte of data belongs to exactly one tensor. */
  private void checkLayout() {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long end = 0;
    String before = "the header";
    for (Entry entry : sorted) {
      if (entry.begin() != end) {
        throw refuse(
            entry.info().name(),
            String.format(
                Locale.ROOT,
                "its data begins at %d but %s ends at %d: %s",
                entry.begin(),
                before,
                end,
                entry.begin() < end ? "they overlap" : "the bytes between belong to nothing"));
      }
      end = entry.end();
      before = "tensor " + brief(entry.info().name());
    }
    if (end != dataBytes) {
      throw new CheckpointException(
          file,
          String.format(
              Locale.ROOT,
              "its tensors end at byte %d of the data, but %d bytes follow the header",
              end,
              dataBytes));
    }
  }

  private CheckpointException refuse(String tensor, String problem) {
    return new CheckpointException(file, "tensor %s: %s".formatted(brief(tensor), problem));
  }

  private static String brief(String text) {
    return text.length() <= 120 ? text : text.substring(0, 120) + "…";
  }
}
