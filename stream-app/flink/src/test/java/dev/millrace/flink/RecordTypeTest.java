package dev.millrace.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.flink.types.RecordType;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import java.io.IOException;
import java.util.HexFormat;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class RecordTypeTest {
  private static final SourceRecord RECORD =
      new SourceRecord(
          new SourcePosition("docs", 3, 14),
          5,
          null,
          new RecordHeaders().add("a", new byte[] {1}).add("a", null),
          new byte[] {9, 8});

  private static <T> byte[] bytes(RecordType<T> type, T record) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(16);
    type.createSerializer(new SerializerConfigImpl()).serialize(record, out);
    return out.getCopyOfBuffer();
  }

  private static <T> T read(RecordType<T> type, byte[] bytes) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    T record = type.createSerializer(new SerializerConfigImpl()).deserialize(in);
    assertThat(in.available()).isZero();
    return record;
  }

  /** Part of checkpoints: other bytes lose what is in work. */
  @Test
  void shouldKeepTheGoldenBytesOfADocument() throws IOException {
    byte[] bytes = bytes(JobTypes.SOURCE, RECORD);

    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo(
            "01"
                + "01"
                + "0004646f6373"
                + "00000003"
                + "000000000000000e"
                + "0000000000000005"
                + "ffffffff"
                + "00000002"
                + "000161"
                + "0000000101"
                + "000161"
                + "ffffffff"
                + "00000002"
                + "0908");
    SourceRecord read = read(JobTypes.SOURCE, bytes);
    assertThat(read.position()).isEqualTo(RECORD.position());
    assertThat(read.headers()).isEqualTo(RECORD.headers());
    assertThat(read.key()).isNull();
    assertThat(read.value()).containsExactly(9, 8);
    assertThat(read.timestamp()).isEqualTo(5);
  }

  @Test
  void shouldReadTheOutcomeThatItWrote() throws IOException {
    EncodedOutcome read =
        read(
            JobTypes.OUTCOME,
            bytes(
                JobTypes.OUTCOME,
                new EncodedOutcome(
                    "out", new byte[] {1}, new byte[] {2, 3}, 77, RECORD.headers())));

    assertThat(read.topic()).isEqualTo("out");
    assertThat(read.key()).containsExactly(1);
    assertThat(read.value()).containsExactly(2, 3);
    assertThat(read.timestamp()).isEqualTo(77);
    assertThat(read.headers()).isEqualTo(RECORD.headers());
  }

  @Test
  void shouldRefuseAVersionOfTheFuture() throws IOException {
    byte[] bytes = bytes(JobTypes.SOURCE, RECORD);
    bytes[0] = 2;

    assertThatThrownBy(() -> read(JobTypes.SOURCE, bytes))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version 2, this build reads up to 1");
  }

  /** What a savepoint of this version says of its serializers must be understood later. */
  @Test
  void shouldRecogniseItsOwnSnapshots() {
    TypeSerializer<SourceRecord> serializer =
        JobTypes.SOURCE.createSerializer(new SerializerConfigImpl());

    assertThat(serializer.snapshotConfiguration())
        .isInstanceOf(SourceRecordSerializer.Snapshot.class);
    assertThat(serializer.snapshotConfiguration().restoreSerializer())
        .isEqualTo(SourceRecordSerializer.INSTANCE);
  }
}
