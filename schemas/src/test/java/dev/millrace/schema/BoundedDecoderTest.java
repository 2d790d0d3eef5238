package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.util.RandomData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads what Avro's own decoder reads. */
class BoundedDecoderTest {

  private static final Schema EVERYTHING =
      new Schema.Parser()
          .parse(
              """
              {"type":"record","name":"Everything","fields":[
                {"name":"a","type":"boolean"},{"name":"b","type":"int"},{"name":"c","type":"long"},
                {"name":"d","type":"float"},{"name":"e","type":"double"},
                {"name":"f","type":"bytes"},
                {"name":"g","type":"string"},
                {"name":"h","type":{"type":"fixed","name":"F","size":7}},
                {"name":"i","type":{"type":"enum","name":"E","symbols":["X","Y","Z"]}},
                {"name":"j","type":{"type":"array","items":["null","long","string"]}},
                {"name":"k","type":{"type":"map","values":{"type":"array","items":"double"}}},
                {"name":"l","type":["null","Everything"]}]}\
              """);

  @Test
  void shouldReadAsAvrosOwnDecoderDoes() throws IOException {
    long seed = 42;
    int number = 0;
    for (Object record : new RandomData(EVERYTHING, 200, seed)) {
      byte[] bytes = write(EVERYTHING, record, number % 2 == 0);
      Object expected =
          new GenericDatumReader<>(EVERYTHING)
              .read(null, DecoderFactory.get().binaryDecoder(bytes, null));
      BoundedDecoder decoder = new BoundedDecoder(bytes, 0);

      Object read = new GenericDatumReader<>(EVERYTHING).read(null, decoder);

      assertThat(read).as("seed %d, record %d", seed, number).isEqualTo(expected);
      assertThat(decoder.remaining()).as("seed %d, record %d", seed, number).isZero();
      number++;
    }
    assertThat(number).isEqualTo(200);
  }

  @Test
  void shouldSkipAllThatAReaderDoesNotWant() throws IOException {
    Schema reader =
        new Schema.Parser().parse("{\"type\":\"record\",\"name\":\"Everything\",\"fields\":[]}");
    long seed = 43;
    int number = 0;
    for (Object record : new RandomData(EVERYTHING, 200, seed)) {
      byte[] bytes = write(EVERYTHING, record, number % 2 == 0);
      BoundedDecoder decoder = new BoundedDecoder(bytes, 0);

      Object read = new GenericDatumReader<>(EVERYTHING, reader).read(null, decoder);

      assertThat(read).isNotNull();
      assertThat(decoder.remaining()).as("seed %d, record %d", seed, number).isZero();
      number++;
    }
  }

  /** Blocking encoders state the size of each block of items; plain ones do not. */
  private static byte[] write(Schema schema, Object record, boolean blocking) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    EncoderFactory factory = new EncoderFactory().configureBlockSize(64);
    BinaryEncoder encoder =
        blocking ? factory.blockingBinaryEncoder(out, null) : factory.binaryEncoder(out, null);
    new GenericDatumWriter<>(schema).write(record, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(
      longs = {0, 1, -1, 63, 64, -64, -65, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE})
  void shouldReadNumbers(long value) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    encoder.writeLong(value);
    encoder.flush();

    assertThat(new BoundedDecoder(out.toByteArray(), 0).readLong()).isEqualTo(value);
  }

  @Test
  void shouldRefuseNumbersThatAreTooLong() {
    for (String hex : List.of("ffffffffffffffffffff01", "ffffffffffffffffff02")) {
      assertThatThrownBy(() -> decoder(hex).readLong())
          .as(hex)
          .isInstanceOf(AvroTypeException.class)
          .hasMessageContaining("64 bits");
    }
    assertThatThrownBy(() -> decoder("8080808020").readInt())
        .isInstanceOf(AvroTypeException.class)
        .hasMessageContaining("32 bits");
    assertThatThrownBy(() -> decoder("80").readLong()).isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> decoder("02").readBoolean()).isInstanceOf(AvroTypeException.class);
  }

  private static BoundedDecoder decoder(String hex) {
    return new BoundedDecoder(HexFormat.of().parseHex(hex), 0);
  }
}
