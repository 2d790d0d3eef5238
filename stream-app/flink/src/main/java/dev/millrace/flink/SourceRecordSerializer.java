package dev.millrace.flink;

import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The bytes of documents as they came, in checkpoints and between tasks. Each begins with its
 * version.
 */
final class SourceRecordSerializer extends TypeSerializerSingleton<SourceRecord> {
  private static final int VERSION = 1;

  static final SourceRecordSerializer INSTANCE = new SourceRecordSerializer();

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public SourceRecord createInstance() {
    return new SourceRecord(null, 0, null, new RecordHeaders(), null);
  }

  @Override
  public SourceRecord copy(SourceRecord record) {
    return record;
  }

  @Override
  public SourceRecord copy(SourceRecord record, SourceRecord reuse) {
    return record;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(SourceRecord record, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    SourcePosition position = record.position();
    out.writeBoolean(position != null);
    if (position != null) {
      out.writeUTF(position.topic());
      out.writeInt(position.partition());
      out.writeLong(position.offset());
    }
    out.writeLong(record.timestamp());
    ByteFormat.write(out, record.key());
    ByteFormat.write(out, record.headers());
    ByteFormat.write(out, record.value());
  }

  @Override
  public SourceRecord deserialize(DataInputView in) throws IOException {
    ByteFormat.version(in, VERSION);
    SourcePosition position =
        in.readBoolean() ? new SourcePosition(in.readUTF(), in.readInt(), in.readLong()) : null;
    return new SourceRecord(
        position, in.readLong(), ByteFormat.read(in), ByteFormat.headers(in), ByteFormat.read(in));
  }

  @Override
  public SourceRecord deserialize(SourceRecord reuse, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    serialize(deserialize(in), out);
  }

  @Override
  public TypeSerializerSnapshot<SourceRecord> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Which serializer wrote a state; its name is part of savepoints. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<SourceRecord> {
    /** For Flink. */
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
