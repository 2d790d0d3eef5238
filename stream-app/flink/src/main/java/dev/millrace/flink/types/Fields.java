package dev.millrace.flink.types;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** The kinds of fields that values have: each is written and read by methods of one name. */
final class Fields {

  private Fields() {}

  interface Writer<T> {
    void write(DataOutputView out, T value) throws IOException;
  }

  interface Reader<T> {
    T read(DataInputView in) throws IOException;
  }

  /** UTF-8 after its length; {@code writeUTF} ends at 64 KiB. */
  static void text(DataOutputView out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static String text(DataInputView in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static void time(DataOutputView out, Instant time) throws IOException {
    out.writeLong(time.getEpochSecond());
    out.writeInt(time.getNano());
  }

  static Instant time(DataInputView in) throws IOException {
    long seconds = in.readLong();
    return Instant.ofEpochSecond(seconds, in.readInt());
  }

  /** By its name: its place among the others may change. */
  static void name(DataOutputView out, Enum<?> value) throws IOException {
    text(out, value.name());
  }

  static <E extends Enum<E>> E name(DataInputView in, Class<E> type) throws IOException {
    return Enum.valueOf(type, text(in));
  }

  static <T> void list(DataOutputView out, List<T> list, Writer<? super T> each)
      throws IOException {
    out.writeInt(list.size());
    for (T element : list) {
      each.write(out, element);
    }
  }

  static <T> List<T> list(DataInputView in, Reader<T> each) throws IOException {
    int size = in.readInt();
    List<T> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(each.read(in));
    }
    return list;
  }

  static <T> void map(DataOutputView out, Map<String, T> map, Writer<? super T> each)
      throws IOException {
    out.writeInt(map.size());
    for (Map.Entry<String, T> entry : map.entrySet()) {
      text(out, entry.getKey());
      each.write(out, entry.getValue());
    }
  }

  static <T> Map<String, T> map(DataInputView in, Reader<T> each) throws IOException {
    int size = in.readInt();
    Map<String, T> map = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      String key = text(in);
      map.put(key, each.read(in));
    }
    return map;
  }

  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  static <T> void optional(DataOutputView out, Optional<T> value, Writer<? super T> writer)
      throws IOException {
    out.writeBoolean(value.isPresent());
    if (value.isPresent()) {
      writer.write(out, value.get());
    }
  }

  static <T> Optional<T> optional(DataInputView in, Reader<T> reader) throws IOException {
    return in.readBoolean() ? Optional.of(reader.read(in)) : Optional.empty();
  }

  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  static void optional(DataOutputView out, OptionalDouble value) throws IOException {
    out.writeBoolean(value.isPresent());
    if (value.isPresent()) {
      out.writeDouble(value.getAsDouble());
    }
  }

  static OptionalDouble optional(DataInputView in) throws IOException {
    return in.readBoolean() ? OptionalDouble.of(in.readDouble()) : OptionalDouble.empty();
  }
}
