package dev.millrace.schema;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/**
 * Writes records to the wire under a schema id that was looked up once. Thread-safe; never waits.
 *
 * @param <T> class of the records
 */
public final class WireSerializer<T extends SpecificRecord> {

  static {
    TrustedClasses.trust();
  }

  private final int schemaId;
  private final RecordClasses classes;

  /**
   * A serializer.
   *
   * @param schemaId the registry's id of the class's schema
   * @param type generated class of the records
   */
  public WireSerializer(int schemaId, Class<T> type) {
    this.schemaId = schemaId;
    this.classes = new RecordClasses(type);
  }

  /**
   * The record's bytes.
   *
   * @throws org.apache.avro.AvroRuntimeException if a field that must have a value has none
   */
  public byte[] serialize(T record) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    out.writeBytes(WireFormat.prefix(schemaId));
    try {
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
      new SpecificDatumWriter<T>(classes.schema(), classes).write(record, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("an array in memory cannot fail", e);
    }
    return out.toByteArray();
  }
}
