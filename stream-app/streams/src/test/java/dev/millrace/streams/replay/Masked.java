package dev.millrace.streams.replay;

import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaRole;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.header.Header;

/**
 * Records without what may differ between two runs: positions in the input, and measurements. All
 * else stays the bytes that were written. Reads with its own Avro, which keeps the order of maps,
 * and proves for each record that it loses nothing.
 */
final class Masked {
  /** Bytes of the wire format before the record. */
  private static final int PREFIX_BYTES = 5;

  /** Fields that are positions or measurements, by their path. */
  private static final Map<SchemaRole, List<String>> FIELDS =
      Map.of(
          SchemaRole.ENRICHED_DOCUMENT,
          List.of(
              "sourcePosition.partition",
              "sourcePosition.offset",
              "usage.cachedTokens",
              "usage.queueNanos",
              "usage.computeNanos",
              "usage.costUsd",
              "enrichedAt"),
          SchemaRole.DEAD_LETTER,
          List.of("sourcePosition.partition", "sourcePosition.offset", "rejectedAt"));

  private static final Set<String> HEADERS =
      Set.of("millrace.source.partition", "millrace.source.offset", "millrace.message.id");

  /** Keeps maps in the order in which they lie in the bytes. */
  private static final GenericData ORDERED =
      new GenericData() {
        @Override
        public Object newMap(Object old, int size) {
          return new LinkedHashMap<>();
        }
      };

  private Masked() {}

  /** All of a record as text: two are equal if the records are. */
  static String of(Output output, SchemaRole role) throws IOException {
    StringBuilder text = new StringBuilder(output.topic());
    text.append("\ntimestamp ").append(output.timestamp());
    text.append("\nkey ").append(hex(output.key() == null ? new byte[0] : output.key()));
    for (Header header : output.headers()) {
      boolean hidden = HEADERS.contains(header.key());
      text.append("\nheader ").append(header.key()).append(' ');
      text.append(hidden ? "*" : hex(header.value()));
    }
    text.append("\nprefix ").append(hex(Arrays.copyOf(output.value(), PREFIX_BYTES)));
    return text.append(value(output.value(), role)).toString();
  }

  /** As JSON for the reader of a failure, and as the bytes that count. */
  private static String value(byte[] value, SchemaRole role) throws IOException {
    Schema schema = SchemaCatalog.current().schema(role);
    GenericRecord record =
        new GenericDatumReader<GenericRecord>(schema, schema, ORDERED)
            .read(
                null,
                DecoderFactory.get()
                    .binaryDecoder(value, PREFIX_BYTES, value.length - PREFIX_BYTES, null));
    byte[] whole = encoded(record, schema);
    if (!Arrays.equals(whole, 0, whole.length, value, PREFIX_BYTES, value.length)) {
      throw new AssertionError("masking changes more than it masks");
    }
    for (String path : FIELDS.getOrDefault(role, List.of())) {
      mask(record, path);
    }
    return "\nreads " + record + "\nvalue " + hex(encoded(record, schema));
  }

  private static void mask(GenericRecord record, String path) {
    int dot = path.indexOf('.');
    if (dot > 0) {
      mask((GenericRecord) record.get(path.substring(0, dot)), path.substring(dot + 1));
      return;
    }
    record.put(
        path,
        switch (record.get(path)) {
          case Integer _ -> 0;
          case Long _ -> 0L;
          case Double _ -> 0.0;
          case null -> null;
          case Object other -> throw new AssertionError(path + " is a " + other.getClass());
        });
  }

  private static byte[] encoded(GenericRecord record, Schema schema) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<GenericRecord>(schema, ORDERED).write(record, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
