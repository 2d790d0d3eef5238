package dev.millrace.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

@Execution(ExecutionMode.CONCURRENT)
final class SafetensorsFileTest {

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = directory.resolve("x.safetensors");
  }

  @Test
  void shouldReadWhatTheWriterWrote() {
    List<TensorInfo> infos =
        List.of(
            new TensorInfo("ids", DType.I64, Shape.of(1, 2)),
            new TensorInfo("logits", DType.F32, Shape.of(2, 2)),
            new TensorInfo("half", DType.BF16, Shape.of(3)));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, infos, Map.of("k", "v"))) {
      writer.append(new long[] {7, -1});
      writer.append(new float[] {1, 2});
      writer.append(new float[] {3, 4});
      writer.appendBf16(new float[] {1 + 1 / 256f, 1 + 3 / 256f, Float.NaN});
      writer.finish();
    }

    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.tensors()).isEqualTo(infos);
      assertThat(read.metadata()).isEqualTo(Map.of("k", "v"));
      assertThat(read.tensor("ids").data().toArray(ValueLayout.JAVA_LONG_UNALIGNED))
          .containsExactly(7, -1);
      assertThat(read.tensor("logits").data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED))
          .containsExactly(1, 2, 3, 4);
      // Ties go to the even neighbour: 1 + 1/256 down to 1, 1 + 3/256 up to 1 + 4/256.
      assertThat(read.tensor("half").data().toArray(ValueLayout.JAVA_SHORT_UNALIGNED))
          .containsExactly(0x3f80, 0x3f82, 0x7fc0);
      assertThat(read.find("none")).isEmpty();
      assertThatThrownBy(() -> read.tensor("none"))
          .hasMessageContaining("x.safetensors: tensor none is missing");
    }
  }

  @Test
  void shouldNotLeaveAnUnfinishedFile() {
    List<TensorInfo> infos = List.of(new TensorInfo("a", DType.F32, Shape.of(2)));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, infos, Map.of())) {
      writer.append(new float[] {1});
      assertThatThrownBy(writer::finish)
          .hasMessageContaining("4 bytes were appended, the header announces 8");
    }

    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void shouldAddressTensorsBeyondTwoGibibytes() throws IOException {
    long elements = 3L << 30;
    byte[] header =
        String.format(
                Locale.ROOT,
                """
                {"big":{"dtype":"U8","shape":[3,%d],"data_offsets":[0,%d]},\
                "last":{"dtype":"I32","shape":[1],"data_offsets":[%d,%d]}}\
                """,
                elements / 3,
                elements,
                elements,
                elements + 4)
            .getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.writeLong(Long.reverseBytes(header.length));
      sparse.write(header);
      sparse.setLength(8 + header.length + elements + 4);
      sparse.seek(8 + header.length + elements - 1);
      sparse.write(9);
      sparse.write(5);
    }

    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      Tensor big = read.tensor("big");
      assertThat(big.data().byteSize()).isEqualTo(elements);
      assertThat(big.slice(2).data().get(ValueLayout.JAVA_BYTE, elements / 3 - 1))
          .isEqualTo((byte) 9);
      assertThat(read.tensor("last").data().get(ValueLayout.JAVA_INT_UNALIGNED, 0)).isEqualTo(5);
    }
  }

  /** Header, bytes of data after it, and what the message says. */
  @ParameterizedTest
  @CsvFileSource(resources = "broken-headers.csv", delimiter = '|', quoteCharacter = '~')
  void shouldRefuseABrokenHeader(String header, int dataBytes, String message) throws IOException {
    write(header.replace('\'', '"'), dataBytes);

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("x.safetensors")
        .hasMessageContaining(message);
  }

  @Test
  void shouldRefuseAHeaderLargerThanTheFile() throws IOException {
    for (long claim : new long[] {1L << 62, -1, Long.MIN_VALUE, 3, 1, 0}) {
      Files.write(
          file,
          ByteBuffer.allocate(10)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(claim)
              .put((byte) '{')
              .put((byte) '}')
              .array());

      assertThatThrownBy(() -> SafetensorsFile.open(file))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(
              "its header claims %s bytes, but 2 follow; the file is cut off or not safetensors"
                  .formatted(Long.toUnsignedString(claim)));
    }
  }

  @Test
  void shouldRefuseAHeaderLargerThanTheFormatAllows() throws IOException {
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.writeLong(Long.reverseBytes(100_000_001));
      sparse.setLength(1L << 40);
    }

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("its header claims 100000001 bytes, the format allows 100000000");
  }

  @Test
  void shouldRefuseATruncatedFile() throws IOException {
    byte[] whole = Files.readAllBytes(valid());
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> SafetensorsFile.open(file))
          .as("cut to %d of %d bytes", length, whole.length)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("bytes");
    }
  }

  @Test
  void shouldRefuseWhatIsNotAFile() throws IOException {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("x.safetensors: there is no such file");

    Files.createDirectory(file);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected a file, found a directory");
    Files.delete(file);

    Path other = directory.resolve("y.safetensors");
    Files.createSymbolicLink(file, other);
    Files.createSymbolicLink(other, file);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("symbolic links go round in a circle");
    Files.delete(file);
    Files.delete(other);

    Files.createSymbolicLink(file, Path.of("/dev/zero"));
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected a regular file");
    Files.delete(file);

    Files.createFile(file);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("it has 0 bytes, too few for a safetensors file");
  }

  @Test
  void shouldLoadOrRefuseEveryMutation() throws IOException {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    byte[] whole = Files.readAllBytes(valid());
    int loaded = 0;
    for (int round = 0; round < 3_000; round++) {
      byte[] mutated = mutate(whole, random);
      Files.write(file, mutated);
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        long sum = 0;
        for (TensorInfo info : read.tensors()) {
          MemorySegment data = read.tensor(info.name()).data();
          for (long i = 0; i < data.byteSize(); i++) {
            sum += data.get(ValueLayout.JAVA_BYTE, i);
          }
        }
        assertThat(sum).isNotEqualTo(Long.MIN_VALUE);
        loaded++;
      } catch (CheckpointException e) {
        assertThat(e).as("seed=%d round=%d", seed, round).hasMessageContaining("x.safetensors");
      } catch (RuntimeException | Error e) {
        throw new AssertionError(String.format(Locale.ROOT, "seed=%d round=%d", seed, round), e);
      }
    }
    assertThat(loaded).as("seed=%d: some mutations hit only data", seed).isBetween(1, 2_999);
  }

  private static byte[] mutate(byte[] whole, SplittableRandom random) {
    byte[] bytes = whole.clone();
    for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = (byte) "0123456789-eE.[]{}\",:\\u".charAt(random.nextInt(23));
        case 3 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        case 4 -> bytes[random.nextInt(Math.min(8, bytes.length))] = (byte) random.nextInt();
        default -> {
          int from = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(16), bytes.length - Math.max(at, from));
          System.arraycopy(whole, from, bytes, at, length);
        }
      }
    }
    return bytes;
  }

  private Path valid() {
    List<Tensor> tensors =
        List.of(
            new Tensor("a", DType.U8, Shape.of(3), MemorySegment.ofArray(new byte[] {1, 2, 3})),
            new Tensor("b", DType.F8_E4M3, Shape.of(2, 2), MemorySegment.ofArray(new byte[4])),
            new Tensor("c", DType.I64, Shape.of(), MemorySegment.ofArray(new byte[8])),
            new Tensor("d", DType.BF16, Shape.of(0, 5), MemorySegment.ofArray(new byte[0])));
    Path valid = directory.resolve("valid.safetensors");
    SafetensorsWriter.write(valid, tensors, Map.of("format", "pt"));
    return valid;
  }

  private void write(String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Files.write(
        file,
        ByteBuffer.allocate(8 + json.length + dataBytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json)
            .array());
  }
}
