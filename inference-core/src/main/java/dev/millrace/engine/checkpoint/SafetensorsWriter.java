package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes a safetensors file piece by piece, so that a tensor larger than memory can be written. Not
 * thread-safe. The file appears under its name only when it is complete.
 */
public final class SafetensorsWriter implements AutoCloseable {

  private static final int PIECE_BYTES = 1 << 20;

  private final Path file;
  private final Path partial;
  private final FileChannel channel;
  private final long dataBytes;
  private long written;

  private SafetensorsWriter(Path file, Path partial, FileChannel channel, long dataBytes) {
    this.file = file;
    this.partial = partial;
    this.channel = channel;
    this.dataBytes = dataBytes;
  }

  /**
   * Begins a file.
   *
   * @param file replaced if it exists
   * @param tensors in the order in which their data will be appended
   * @param metadata text about the file
   * @throws CheckpointException if it cannot be written
   */
  public static SafetensorsWriter create(
      Path file, List<TensorInfo> tensors, Map<String, String> metadata) {
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    try {
      byte[] header = header(tensors, metadata);
      FileChannel channel =
          FileChannel.open(
              partial,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      long dataBytes = tensors.stream().mapToLong(TensorInfo::bytes).sum();
      SafetensorsWriter writer = new SafetensorsWriter(file, partial, channel, dataBytes);
      writer.put(
          ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length));
      writer.put(ByteBuffer.wrap(header));
      return writer;
    } catch (IOException e) {
      throw new CheckpointException(file, "it cannot be written: " + e, e);
    }
  }

  /** Writes a whole file at once. */
  public static void write(Path file, List<Tensor> tensors, Map<String, String> metadata) {
    List<TensorInfo> infos =
        tensors.stream().map(t -> new TensorInfo(t.name(), t.type(), t.shape())).toList();
    try (SafetensorsWriter writer = create(file, infos, metadata)) {
      for (Tensor tensor : tensors) {
        writer.append(tensor.data());
      }
      writer.finish();
    }
  }

  private static byte[] header(List<TensorInfo> tensors, Map<String, String> metadata)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JsonFile.FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart("__metadata__");
        for (var entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long offset = 0;
      for (TensorInfo tensor : tensors) {
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.type().name());
        json.writeFieldName("shape");
        json.writeStartArray();
        for (long extent : tensor.shape().extents()) {
          json.writeNumber(extent);
        }
        json.writeEndArray();
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {offset, offset + tensor.bytes()}, 0, 2);
        json.writeEndObject();
        offset += tensor.bytes();
      }
      json.writeEndObject();
    }
    int length = bytes.size();
    byte[] padded = Arrays.copyOf(bytes.toByteArray(), (length + 7) / 8 * 8);
    Arrays.fill(padded, length, padded.length, (byte) ' ');
    return padded;
  }

  /** Appends bytes of the tensors' data, little-endian, in the announced order. */
  public void append(MemorySegment bytes) {
    try {
      for (long at = 0; at < bytes.byteSize(); at += PIECE_BYTES) {
        long length = Math.min(PIECE_BYTES, bytes.byteSize() - at);
        put(bytes.asSlice(at, length).asByteBuffer());
      }
      written += bytes.byteSize();
    } catch (IOException e) {
      throw new CheckpointException(file, "it cannot be written: " + e, e);
    }
  }

  /** Appends one row of an F32 tensor. */
  public void append(float[] values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    append(MemorySegment.ofBuffer(buffer));
  }

  /** Appends values of an I64 tensor. */
  public void append(long[] values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asLongBuffer().put(values);
    append(MemorySegment.ofBuffer(buffer));
  }

  /** Appends values of a BF16 tensor, rounded to nearest even. */
  public void appendBf16(float[] values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * DType.BF16.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      int bits = Float.floatToIntBits(value);
      int rounded = Float.isNaN(value) ? bits : bits + 0x7fff + (bits >>> 16 & 1);
      buffer.putShort((short) (rounded >>> 16));
    }
    append(MemorySegment.ofBuffer(buffer.flip()));
  }

  private void put(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /**
   * Puts the complete file in its place.
   *
   * @throws CheckpointException if more or fewer bytes were appended than announced
   */
  public void finish() {
    if (written != dataBytes) {
      throw new CheckpointException(
          file,
          String.format(
              Locale.ROOT, "%d bytes were appended, the header announces %d", written, dataBytes));
    }
    try {
      channel.close();
      Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new CheckpointException(file, "it cannot be written: " + e, e);
    }
  }

  /** Discards an unfinished file. Idempotent. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try {
      channel.close();
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      throw new CheckpointException(partial, "it cannot be removed: " + e, e);
    }
  }
}
