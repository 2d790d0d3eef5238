package dev.millrace.streams.replay;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record that a process has written.
 *
 * @param topic where to
 * @param timestamp milliseconds
 */
record Output(String topic, byte @Nullable [] key, Headers headers, byte[] value, long timestamp) {

  static void write(Path file, List<Output> outputs) throws IOException {
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeInt(outputs.size());
      for (Output output : outputs) {
        out.writeUTF(output.topic());
        Input.put(out, output.key());
        Input.putHeaders(out, output.headers());
        Input.put(out, output.value());
        out.writeLong(output.timestamp());
      }
    }
  }

  static List<Output> read(Path file) throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      List<Output> outputs = new ArrayList<>();
      for (int i = in.readInt(); i > 0; i--) {
        outputs.add(
            new Output(
                in.readUTF(),
                Input.get(in),
                Input.getHeaders(in),
                Input.required(in),
                in.readLong()));
      }
      return outputs;
    }
  }
}
