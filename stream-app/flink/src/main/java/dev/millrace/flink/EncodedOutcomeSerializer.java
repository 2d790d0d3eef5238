package dev.millrace.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The bytes of outcomes as records, in checkpoints and between tasks. Each begins with its version.
 */
final class EncodedOutcomeSerializer extends TypeSerializerSingleton<EncodedOutcome> {
  private static final int VERSION = 1;

  static final EncodedOutcomeSerializer INSTANCE = new EncodedOutcomeSerializer();

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public EncodedOutcome createInstance() {
    return new EncodedOutcome("", null, new byte[0], 0, new RecordHeaders());
  }

  @Override
  public EncodedOutcome copy(EncodedOutcome record) {
    return record;
  }

  @Override
  public EncodedOutcome copy(EncodedOutcome record, EncodedOutcome reuse) {
    return record;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(EncodedOutcome record, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    out.writeUTF(record.topic());
    ByteFormat.write(out, record.key());
    ByteFormat.write(out, record.value());
    out.writeLong(record.timestamp());
    ByteFormat.write(out, record.headers());
  }

  @Override
  public EncodedOutcome deserialize(DataInputView in) throws IOException {
    ByteFormat.version(in, VERSION);
    return new EncodedOutcome(
        in.readUTF(),
        ByteFormat.read(in),
        ByteFormat.read(in),
        in.readLong(),
        ByteFormat.headers(in));
  }

  @Override
  public EncodedOutcome deserialize(EncodedOutcome reuse, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    serialize(deserialize(in), out);
  }

  @Override
  public TypeSerializerSnapshot<EncodedOutcome> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Which serializer wrote a state; its name is part of savepoints. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<EncodedOutcome> {
    /** For Flink. */
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
