package dev.millrace.it;

import dev.millrace.operations.config.DocumentFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Records with random and extreme values of every part: key, headers, timestamp, value and every
 * field of the document in it. The same for the same seed.
 */
final class OddRecords {
  /** Id of the documents' schema on the wire. */
  static final int SCHEMA_ID = 1;

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "A small library.",
          "a\u0000b\u0007",
          "\ud83d\ude00 and \ud83d\udc69\u200d\ud83d\ude80",
          "half \ud83d",
          "\ude00 half",
          "\ud83d\ud83d\ude00",
          "\ufeffmarked",
          "\ufffe\uffff\ufffd",
          "<|eot_id|><|begin_of_text|>",
          "\u06f1\u06f2\u06f3",
          "line\nbreak\r\n\u2028\u0085",
          "\u0130stanbul \u00df",
          "e\u0301 \u00e9",
          "%s%d{}\\\"'${x}",
          "word ".repeat(60),
          "x".repeat(700));

  private static final List<String> TIMES =
      List.of(
          "\"2026-01-31T12:00:00Z\"",
          "\"" + Instant.MAX + "\"",
          "\"" + Instant.MIN + "\"",
          "\"+292278995-01-01T00:00:00Z\"",
          "\"1969-12-31T23:59:59.999999999Z\"",
          "\"2026-02-30T00:00:00Z\"",
          "\"noon\"",
          "0",
          "-1",
          "9223372036854775807",
          "-9223372036854775808",
          "9223372036854775808",
          "1e3",
          "1.5",
          "true",
          "[]",
          "{}",
          "null");

  private static final List<String> HEADERS =
      List.of(
          "",
          "trace",
          "__value_schema_id",
          "__key_schema_id",
          "millrace.source.timestamp",
          "millrace.source.offset",
          "millrace.redrives",
          "millrace.unknown",
          "\u06f1",
          "n".repeat(200));

  private final Random random;
  private final DocumentFormat format;
  private final long nowMillis;

  /**
   * A record to send.
   *
   * @param timestamp never negative: clients refuse to send such
   */
  record Odd(
      byte @Nullable [] key, byte @Nullable [] value, RecordHeaders headers, long timestamp) {}

  OddRecords(long seed, DocumentFormat format, long nowMillis) {
    this.random = new Random(seed);
    this.format = format;
    this.nowMillis = nowMillis;
  }

  Odd next() {
    return new Odd(key(), value(), headers(), timestamp());
  }

  /** A record that must be enriched, whatever came before it. */
  static Odd good(DocumentFormat format, String id, long timestamp) {
    byte[] value =
        switch (format) {
          case JSON -> utf8("{\"id\":\"" + id + "\",\"text\":\"A Java library.\"}");
          case TEXT -> utf8("A Java library.");
          case CSV -> utf8(id + ",A Java library.,\n");
          case AVRO ->
              avro(encoder -> {
                encoder.writeString(id);
                encoder.writeString("A Java library.");
                for (int field = 0; field < 4; field++) {
                  encoder.writeIndex(0);
                  encoder.writeNull();
                }
                encoder.writeMapStart();
                encoder.setItemCount(0);
                encoder.writeMapEnd();
                encoder.writeArrayStart();
                encoder.setItemCount(0);
                encoder.writeArrayEnd();
                encoder.writeIndex(0);
                encoder.writeNull();
              });
        };
    return new Odd(utf8(id), value, new RecordHeaders(), timestamp);
  }

  private byte @Nullable [] key() {
    return switch (random.nextInt(6)) {
      case 0 -> null;
      case 1 -> new byte[0];
      case 2 -> bytes(random.nextInt(40));
      case 3 -> bytes(random.nextInt(5000));
      default -> utf8(text());
    };
  }

  private RecordHeaders headers() {
    RecordHeaders headers = new RecordHeaders();
    int count = random.nextInt(3) == 0 ? random.nextInt(6) : 0;
    for (int i = 0; i < count; i++) {
      byte[] value =
          switch (random.nextInt(5)) {
            case 0 -> null;
            case 1 -> bytes(random.nextInt(2000));
            case 2 -> ByteBuffer.allocate(5).put((byte) 0).putInt(random.nextInt(3)).array();
            case 3 -> utf8(Long.toString(random.nextLong()));
            default -> utf8(text());
          };
      headers.add(HEADERS.get(random.nextInt(HEADERS.size())), value);
    }
    return headers;
  }

  private long timestamp() {
    return switch (random.nextInt(8)) {
      case 0 -> 0;
      case 1 -> Long.MAX_VALUE;
      case 2 -> Long.MAX_VALUE - random.nextInt(1000);
      case 3 -> random.nextLong() >>> (1 + random.nextInt(60));
      case 4 -> nowMillis + random.nextLong(Duration.ofDays(800).toMillis());
      case 5 -> Math.max(0, nowMillis - random.nextLong(Duration.ofDays(800).toMillis()));
      default -> nowMillis;
    };
  }

  private byte @Nullable [] value() {
    int kind = random.nextInt(40);
    if (kind == 0) {
      return null;
    }
    if (kind == 1) {
      return bytes(random.nextInt(3) * random.nextInt(2000));
    }
    byte[] value =
        switch (format) {
          case JSON -> json();
          case TEXT -> utf8(text());
          case CSV -> csv();
          case AVRO -> avro();
        };
    return random.nextInt(8) == 0 ? damaged(value) : value;
  }

  private byte[] damaged(byte[] value) {
    if (value.length == 0) {
      return value;
    }
    byte[] copy = value.clone();
    switch (random.nextInt(3)) {
      case 0 -> copy[random.nextInt(copy.length)] = (byte) random.nextInt();
      case 1 -> copy = java.util.Arrays.copyOf(copy, random.nextInt(copy.length));
      default -> copy = java.util.Arrays.copyOf(copy, copy.length + 1 + random.nextInt(9));
    }
    return copy;
  }

  private byte[] csv() {
    StringBuilder line = new StringBuilder(random.nextInt(20) == 0 ? "\ufeff" : "");
    int fields = random.nextInt(20) == 0 ? random.nextInt(6) : 3;
    for (int i = 0; i < fields; i++) {
      String text = random.nextInt(3) == 0 ? text() : "A Java library.";
      line.append(i == 0 ? "" : ",")
          .append(random.nextInt(4) == 0 ? text : "\"" + text.replace("\"", "\"\"") + "\"");
    }
    return utf8(line.append(random.nextBoolean() ? "\r\n" : "").toString());
  }

  private byte[] json() {
    StringBuilder json = new StringBuilder(random.nextInt(20) == 0 ? "\ufeff{" : "{");
    field(json, "id", 5, this::jsonText);
    field(json, "text", 30, () -> random.nextInt(3) == 0 ? jsonText() : "\"A Java library.\"");
    field(json, "language", 3, () -> random.nextBoolean() ? "\"en\"" : jsonText());
    field(json, "title", 3, this::jsonText);
    field(json, "source", 3, this::jsonText);
    field(json, "tenant", 3, this::jsonText);
    field(json, "attributes", 3, this::jsonAttributes);
    field(json, "createdAt", 3, () -> TIMES.get(random.nextInt(TIMES.size())));
    field(json, "unknown", 2, () -> random.nextInt(9) == 0 ? "[".repeat(1500) : jsonText());
    if (random.nextInt(40) == 0) {
      field(json, "text", 2, this::jsonText);
    }
    return utf8(json.append(json.charAt(json.length() - 1) == ',' ? "\"end\":0}" : "}").toString());
  }

  /** Writes a field with the chance of {@code of - 1} in {@code of}. */
  private void field(StringBuilder json, String name, int of, Supplier<String> value) {
    if (random.nextInt(of) > 0) {
      json.append('"').append(name).append("\":").append(value.get()).append(',');
    }
  }

  private String jsonText() {
    return switch (random.nextInt(14)) {
      case 0 -> "null";
      case 1 -> Long.toString(random.nextLong());
      case 2 -> "1".repeat(1 + random.nextInt(1200));
      case 3 -> random.nextBoolean() ? "[]" : "{\"a\":[1,{}]}";
      case 4 -> Double.toString(random.nextGaussian());
      default -> quoted(text());
    };
  }

  private String jsonAttributes() {
    StringBuilder json = new StringBuilder("{");
    int count = random.nextInt(5);
    for (int i = 0; i < count; i++) {
      String value = random.nextInt(12) == 0 ? jsonText() : quoted(text());
      json.append(i == 0 ? "" : ",").append(quoted(i + text())).append(':').append(value);
    }
    return json.append('}').toString();
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    text.chars()
        .forEach(unit -> {
          if (unit < ' ' || unit == '"' || unit == '\\' || Character.isSurrogate((char) unit)) {
            json.append("\\u");
            String hex = Integer.toHexString(unit);
            json.append("0".repeat(4 - hex.length())).append(hex);
          } else {
            json.append((char) unit);
          }
        });
    return json.append('"').toString();
  }

  private byte[] avro() {
    byte[] value =
        avro(encoder -> {
          encoder.writeBytes(avroText());
          encoder.writeBytes(random.nextInt(3) == 0 ? avroText() : utf8("A Java library."));
          for (int field = 0; field < 4; field++) {
            optional(encoder, () -> encoder.writeBytes(avroText()));
          }
          int attributes = random.nextInt(4);
          encoder.writeMapStart();
          encoder.setItemCount(attributes);
          for (int i = 0; i < attributes; i++) {
            encoder.startItem();
            encoder.writeBytes(avroText());
            encoder.writeBytes(avroText());
          }
          encoder.writeMapEnd();
          encoder.writeArrayStart();
          encoder.setItemCount(random.nextInt(10) == 0 ? 1 : 0);
          encoder.writeArrayEnd();
          optional(encoder, () -> encoder.writeLong(random.nextLong() >> random.nextInt(64)));
        });
    switch (random.nextInt(30)) {
      case 0 -> value[0] = 1;
      case 1 -> value[3] = 1;
      default -> {}
    }
    return value;
  }

  /** Bytes in the place of a text: UTF-8 mostly, the encoding of a half pair now and then. */
  private byte[] avroText() {
    return switch (random.nextInt(30)) {
      case 0 -> new byte[] {'a', (byte) 0xed, (byte) 0xa0, (byte) 0xbd};
      case 1 -> bytes(random.nextInt(9));
      default -> utf8(text());
    };
  }

  private void optional(BinaryEncoder encoder, Writing value) throws IOException {
    int branch = random.nextInt(60) == 0 ? random.nextInt(5) - 2 : random.nextInt(2);
    encoder.writeIndex(branch);
    if (branch == 1) {
      value.write();
    }
  }

  private interface Writing {
    void write() throws IOException;
  }

  private interface Encoding {
    void write(BinaryEncoder encoder) throws IOException;
  }

  private static byte[] avro(Encoding fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(SCHEMA_ID).array());
    try {
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
      fields.write(encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("an array in memory cannot fail", e);
    }
    return out.toByteArray();
  }

  private String text() {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
