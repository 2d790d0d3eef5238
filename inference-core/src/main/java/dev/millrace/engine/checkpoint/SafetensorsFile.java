package dev.millrace.engine.checkpoint;

import dev.millrace.engine.checkpoint.SafetensorsHeader.Entry;
import dev.millrace.engine.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One safetensors file, checked whole and mapped into memory. Thread-safe. Its tensors are views of
 * the mapping and die with it; the file must not be changed meanwhile.
 */
public final class SafetensorsFile implements AutoCloseable {

  private final Path file;
  private final Arena arena;
  private final MemorySegment data;
  private final Map<String, Entry> entries;
  private final Map<String, String> metadata;

  private SafetensorsFile(Path file, Arena arena, MemorySegment data, SafetensorsHeader header) {
    this.file = file;
    this.arena = arena;
    this.data = data;
    this.entries = header.entries();
    this.metadata = header.metadata();
  }

  /**
   * Maps a file.
   *
   * @throws CheckpointException if it is not a well-formed safetensors file
   */
  public static SafetensorsFile open(Path file) {
    long size = JsonFile.size(file);
    if (size < Long.BYTES + 2) {
      throw new CheckpointException(
          file,
          String.format(Locale.ROOT, "it has %d bytes, too few for a safetensors file", size));
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long headerBytes = headerLength(file, channel, size);
      byte[] json = new byte[Math.toIntExact(headerBytes)];
      readFully(channel, ByteBuffer.wrap(json), Long.BYTES);
      long dataBytes = size - Long.BYTES - headerBytes;
      SafetensorsHeader header = SafetensorsHeader.parse(file, json, dataBytes);
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return new SafetensorsFile(
          file, arena, mapped.asSlice(Long.BYTES + headerBytes, dataBytes), header);
    } catch (IOException e) {
      arena.close();
      throw JsonFile.unreadable(file, e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static long headerLength(Path file, FileChannel channel, long size) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0);
    long headerBytes = length.getLong(0);
    if (headerBytes < 2 || headerBytes > size - Long.BYTES) {
      throw new CheckpointException(
          file,
          String.format(
              Locale.ROOT,
              "its header claims %s bytes, but %d follow; the file is cut off or not safetensors",
              Long.toUnsignedString(headerBytes),
              size - Long.BYTES));
    }
    if (headerBytes > SafetensorsHeader.BYTES_MAX) {
      throw new CheckpointException(
          file,
          String.format(
              Locale.ROOT,
              "its header claims %d bytes, the format allows %d",
              headerBytes,
              SafetensorsHeader.BYTES_MAX));
    }
    return headerBytes;
  }

  private static void readFully(FileChannel channel, ByteBuffer into, long position)
      throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into, position + into.position()) < 0) {
        throw new EOFException(
            String.format(Locale.ROOT, "the file ends after %d bytes", position + into.position()));
      }
    }
  }

  /** What is in it, in the order of the header. */
  public List<TensorInfo> tensors() {
    return entries.values().stream().map(Entry::info).toList();
  }

  /** What its author wrote about it, in the order of the header. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** A tensor by name, if it is there. */
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(entries.get(name)).map(this::view);
  }

  /**
   * A tensor by name.
   *
   * @throws CheckpointException if it is not there
   */
  public Tensor tensor(String name) {
    return find(name)
        .orElseThrow(() -> new CheckpointException(file, "tensor %s is missing".formatted(name)));
  }

  private Tensor view(Entry entry) {
    TensorInfo info = entry.info();
    return new Tensor(
        info.name(),
        info.type(),
        info.shape(),
        data.asSlice(entry.begin(), entry.end() - entry.begin()));
  }

  /** Unmaps the file. Idempotent. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
