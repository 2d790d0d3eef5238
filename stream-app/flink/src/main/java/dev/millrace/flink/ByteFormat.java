package dev.millrace.flink;

import java.io.IOException;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/** Reads and writes the parts that records of both kinds have. */
final class ByteFormat {
  private static final int ABSENT = -1;

  private ByteFormat() {}

  static void write(DataOutputView out, byte @Nullable [] bytes) throws IOException {
    if (bytes == null) {
      out.writeInt(ABSENT);
    } else {
      out.writeInt(bytes.length);
      out.write(bytes);
    }
  }

  static byte @Nullable [] read(DataInputView in) throws IOException {
    int length = in.readInt();
    if (length == ABSENT) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  static void write(DataOutputView out, Headers headers) throws IOException {
    Header[] all = headers.toArray();
    out.writeInt(all.length);
    for (Header header : all) {
      out.writeUTF(header.key());
      write(out, header.value());
    }
  }

  static Headers headers(DataInputView in) throws IOException {
    RecordHeaders headers = new RecordHeaders();
    int count = in.readInt();
    for (int i = 0; i < count; i++) {
      headers.add(in.readUTF(), read(in));
    }
    return headers;
  }

  /** Refuses what a later version wrote. */
  static void version(DataInputView in, int known) throws IOException {
    int found = in.readByte();
    if (found < 1 || found > known) {
      throw new IOException(
          "cannot read a record of the job's state: version %s, this build reads up to %s; start a newer build"
              .formatted(found, known));
    }
  }
}
