package dev.millrace.engine.inspect;

import dev.millrace.engine.checkpoint.CheckpointException;
import dev.millrace.engine.checkpoint.SafetensorsFile;
import dev.millrace.engine.checkpoint.SafetensorsWriter;
import dev.millrace.engine.checkpoint.TensorInfo;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Token ids in a safetensors file, and the logits a model computes for them in another: the form in
 * which programs are compared. Not thread-safe.
 */
final class LogitsFile implements AutoCloseable {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SafetensorsWriter writer;

  private LogitsFile(SafetensorsWriter writer) {
    this.writer = writer;
  }

  /**
   * Reads I64 {@code input_ids} [1, T].
   *
   * @param vocabulary ids are below it
   * @param idsMax largest T
   * @throws CheckpointException if that is not what the file holds
   */
  static int[] readIds(Path file, int vocabulary, int idsMax) {
    try (SafetensorsFile input = SafetensorsFile.open(file)) {
      return ids(file, input, vocabulary, idsMax);
    }
  }

  private static int[] ids(Path file, SafetensorsFile input, int vocabulary, int idsMax) {
    Tensor tensor = input.tensor("input_ids");
    Shape shape = tensor.shape();
    if (tensor.type() != DType.I64 || shape.rank() != 2 || shape.extent(0) != 1) {
      throw new CheckpointException(
          file, "input_ids is %s %s, expected I64 [1, T]".formatted(tensor.type(), shape));
    }
    if (shape.extent(1) < 1 || shape.extent(1) > idsMax) {
      throw new CheckpointException(
          file,
          String.format(
              Locale.ROOT,
              "input_ids has %d ids, expected 1 to %d, the model's context",
              shape.extent(1),
              idsMax));
    }
    int[] ids = new int[(int) shape.extent(1)];
    for (int i = 0; i < ids.length; i++) {
      long id = tensor.data().get(LONG, (long) i * Long.BYTES);
      if (id < 0 || id >= vocabulary) {
        throw new CheckpointException(
            file,
            String.format(
                Locale.ROOT, "id %d at index %d, the vocabulary has %d", id, i, vocabulary));
      }
      ids[i] = (int) id;
    }
    return ids;
  }

  /**
   * What another program computed.
   *
   * @param ids T of them
   * @param logits [T, vocabulary]
   * @param greedyIds its continuation; empty if the file holds none
   */
  @SuppressWarnings("ArrayRecordComponent") // read once and compared, never a key
  record Expected(int[] ids, float[][] logits, int[] greedyIds) {}

  /**
   * Reads I64 {@code input_ids} [1, T], F32 {@code logits} [T, vocabulary] and, if it is there, I64
   * {@code greedy_ids} [G].
   *
   * @param vocabulary ids are below it
   * @param idsMax largest T
   * @throws CheckpointException if that is not what the file holds
   */
  static Expected readExpected(Path file, int vocabulary, int idsMax) {
    try (SafetensorsFile input = SafetensorsFile.open(file)) {
      int[] ids = ids(file, input, vocabulary, idsMax);
      Tensor tensor = input.tensor("logits");
      Shape wanted = Shape.of(ids.length, vocabulary);
      if (tensor.type() != DType.F32 || !tensor.shape().equals(wanted)) {
        throw new CheckpointException(
            file,
            "logits is %s %s, expected F32 %s".formatted(tensor.type(), tensor.shape(), wanted));
      }
      float[][] logits = new float[ids.length][];
      long rowBytes = (long) vocabulary * Float.BYTES;
      for (int r = 0; r < logits.length; r++) {
        logits[r] = tensor.data().asSlice(r * rowBytes, rowBytes).toArray(FLOAT);
      }
      boolean continued =
          input.tensors().stream().anyMatch(info -> info.name().equals("greedy_ids"));
      return new Expected(ids, logits, continued ? greedyIds(file, input) : new int[0]);
    }
  }

  private static int[] greedyIds(Path file, SafetensorsFile input) {
    Tensor tensor = input.tensor("greedy_ids");
    if (tensor.type() != DType.I64 || tensor.shape().rank() != 1) {
      throw new CheckpointException(
          file, "greedy_ids is %s %s, expected I64 [G]".formatted(tensor.type(), tensor.shape()));
    }
    return Arrays.stream(tensor.data().toArray(LONG)).mapToInt(Math::toIntExact).toArray();
  }

  /**
   * Begins a file with F32 {@code logits} [rows, vocabulary] and, if {@code greedyTokens} is
   * positive, I64 {@code greedy_ids} [greedyTokens].
   *
   * @throws CheckpointException if it cannot be written
   */
  static LogitsFile create(Path file, int rows, int vocabulary, int greedyTokens) {
    List<TensorInfo> tensors = new ArrayList<>();
    tensors.add(new TensorInfo("logits", DType.F32, Shape.of(rows, vocabulary)));
    if (greedyTokens > 0) {
      tensors.add(new TensorInfo("greedy_ids", DType.I64, Shape.of(greedyTokens)));
    }
    return new LogitsFile(SafetensorsWriter.create(file, tensors, Map.of()));
  }

  /** Appends the logits of the next row. */
  void append(float[] logits) {
    writer.append(logits);
  }

  /** Appends the continuation, empty if none was announced, and puts the file in its place. */
  void finish(int[] greedyIds) {
    writer.append(Arrays.stream(greedyIds).asLongStream().toArray());
    writer.finish();
  }

  /** Discards an unfinished file. Idempotent. */
  @Override
  public void close() {
    writer.close();
  }
}
