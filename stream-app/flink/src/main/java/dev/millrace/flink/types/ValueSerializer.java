package dev.millrace.flink.types;

import java.io.IOException;
import java.util.Locale;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Bytes of an immutable value, each beginning with the version of its format: who adds a field
 * raises it, and reads the earlier ones as they were written.
 */
abstract class ValueSerializer<T> extends TypeSerializerSingleton<T> {
  private static final int VERSION = 1;

  /** Writes a value after its version. */
  abstract void write(T value, DataOutputView out) throws IOException;

  /** Reads what {@link #write} wrote. */
  abstract T read(DataInputView in) throws IOException;

  @Override
  public final void serialize(T value, DataOutputView out) throws IOException {
    out.writeByte(VERSION);
    write(value, out);
  }

  @Override
  public final T deserialize(DataInputView in) throws IOException {
    int found = in.readByte();
    if (found != VERSION) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "cannot read a value of the job's state: version %d, this build reads up to %d;"
                  + " start a newer build",
              found,
              VERSION));
    }
    return read(in);
  }

  @Override
  public final T deserialize(T reuse, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public final boolean isImmutableType() {
    return true;
  }

  @Override
  public final T copy(T value) {
    return value;
  }

  @Override
  public final T copy(T value, T reuse) {
    return value;
  }

  @Override
  public final void copy(DataInputView in, DataOutputView out) throws IOException {
    serialize(deserialize(in), out);
  }

  @Override
  public final int getLength() {
    return -1;
  }
}
