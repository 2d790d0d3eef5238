package dev.millrace.streams.replay;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.schema.WireSerializer;
import dev.millrace.schema.avro.Document;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A record of the input topic, and files of them: documents in Avro and in JSON with many
 * attributes, long and short, some of which end as dead letters.
 *
 * @param key null for some
 * @param headers with names that repeat
 * @param value a document, or what is none
 * @param timestamp milliseconds
 */
record Input(byte @Nullable [] key, Headers headers, byte[] value, long timestamp) {
  /** Header that says which input it is, from 0: outcomes and dead letters carry it on. */
  static final String NUMBER = "number";

  /** Schema id of the documents in Avro. */
  static final int SCHEMA_ID = 7;

  private static final int ATTRIBUTES_MAX = 24;

  /** Timestamp of the first input. */
  static final long NOON = Instant.parse("2026-01-31T12:00:00Z").toEpochMilli();

  private static final List<String> LANGUAGES = List.of("en", "de", "it", "fr-CH", "", "no tag");
  private static final List<String> WORDS =
      List.of(
          "river",
          "Mühle",
          "粉",
          "harvest",
          "été",
          "unsafe",
          "grain",
          "stone",
          "Ωμέγα",
          "wheel",
          "\uD83C\uDF3E",
          "ledger",
          "winter",
          "miller",
          "<|eot|>",
          "sack");

  static List<Input> random(int count, long seed) {
    Random random = new Random(seed);
    List<Input> inputs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      inputs.add(one(i, random));
    }
    return inputs;
  }

  private static Input one(int number, Random random) {
    Document document = document(number, random);
    RecordHeaders headers = new RecordHeaders();
    headers.add(NUMBER, bytes(Integer.toString(number)));
    for (int i = random.nextInt(6); i > 0; i--) {
      headers.add("trace-" + random.nextInt(3), bytes(word(random)));
    }
    boolean broken = random.nextInt(20) == 0;
    byte[] value =
        broken
            ? bytes("{\"text\": " + random.nextInt())
            : random.nextBoolean() ? avro(document) : json(document);
    byte[] key = broken || random.nextInt(4) > 0 ? bytes("key-" + number) : null;
    return new Input(key, headers, value, NOON + number);
  }

  private static Document document(int number, Random random) {
    StringBuilder text = new StringBuilder();
    int words = random.nextInt(10) == 0 ? 400 : random.nextInt(60);
    for (int i = 0; i < words; i++) {
      text.append(word(random)).append(random.nextInt(9) == 0 ? ".\n" : " ");
    }
    Map<String, String> attributes = new LinkedHashMap<>();
    for (int i = random.nextInt(ATTRIBUTES_MAX + 1); i > 0; i--) {
      attributes.put(word(random) + "." + random.nextInt(1000), word(random));
    }
    return Document.newBuilder()
        .setId("doc-" + number)
        .setText(text.toString())
        .setLanguage(LANGUAGES.get(random.nextInt(LANGUAGES.size())))
        .setTitle(random.nextBoolean() ? word(random) : null)
        .setTenant(random.nextBoolean() ? word(random) : null)
        .setAttributes(attributes)
        .setImages(List.of())
        .setCreatedAt(Instant.ofEpochMilli(NOON - random.nextInt(1_000_000)))
        .build();
  }

  private static String word(Random random) {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  private static byte[] avro(Document document) {
    return new WireSerializer<>(SCHEMA_ID, Document.class).serialize(document);
  }

  private static byte[] json(Document document) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", document.getId());
    fields.put("text", document.getText());
    fields.put("language", document.getLanguage());
    fields.put("title", document.getTitle());
    fields.put("tenant", document.getTenant());
    fields.put("attributes", document.getAttributes());
    try {
      return new ObjectMapper().writeValueAsBytes(fields);
    } catch (IOException e) {
      throw new IllegalStateException("a map of texts can always be written", e);
    }
  }

  boolean isJson() {
    return value.length > 0 && value[0] == '{';
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static void write(Path file, List<Input> inputs) throws IOException {
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeInt(inputs.size());
      for (Input input : inputs) {
        put(out, input.key());
        putHeaders(out, input.headers());
        put(out, input.value());
        out.writeLong(input.timestamp());
      }
    }
  }

  static List<Input> read(Path file) throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      List<Input> inputs = new ArrayList<>();
      for (int i = in.readInt(); i > 0; i--) {
        inputs.add(new Input(get(in), getHeaders(in), required(in), in.readLong()));
      }
      return inputs;
    }
  }

  static void put(DataOutputStream out, byte @Nullable [] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }

  static byte @Nullable [] get(DataInputStream in) throws IOException {
    int length = in.readInt();
    return length < 0 ? null : in.readNBytes(length);
  }

  static byte[] required(DataInputStream in) throws IOException {
    byte[] bytes = get(in);
    if (bytes == null) {
      throw new IOException("a value is missing");
    }
    return bytes;
  }

  static void putHeaders(DataOutputStream out, Headers headers) throws IOException {
    Header[] all = headers.toArray();
    out.writeInt(all.length);
    for (Header header : all) {
      out.writeUTF(header.key());
      put(out, header.value());
    }
  }

  static Headers getHeaders(DataInputStream in) throws IOException {
    RecordHeaders headers = new RecordHeaders();
    for (int i = in.readInt(); i > 0; i--) {
      headers.add(in.readUTF(), get(in));
    }
    return headers;
  }
}
