package dev.millrace.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.checkpoint.SafetensorsFile;
import dev.millrace.engine.checkpoint.SafetensorsWriter;
import dev.millrace.engine.checkpoint.TensorInfo;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import java.io.IOException;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command against logits that the model authors' public code computed. */
final class LogitsCommandTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "scout, reference, 2e-4",
    "maverick, reference, 2e-4",
    "guard, reference, 2e-4",
    "llama3, reference, 2e-4",
    "scout, cpu, 1e-3",
    "maverick, cpu, 1e-3",
    "guard, cpu, 1e-3",
    "llama3, cpu, 1e-3",
  })
  void shouldReachTheGoldenLogits(String name, String backend, float tolerance) {
    Path golden = GoldenFiles.unpack(name, directory);
    Path output = directory.resolve("out.safetensors");

    CommandLineRun run = run(golden, golden.resolve("expected.safetensors"), output, backend);

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).isEmpty();
    try (SafetensorsFile found = SafetensorsFile.open(output);
        SafetensorsFile expected = SafetensorsFile.open(golden.resolve("expected.safetensors"))) {
      float[] logits = floats(found, "logits");
      float[] wanted = floats(expected, "logits");
      assertThat(found.tensor("logits").shape()).isEqualTo(Shape.of(72, 512));
      assertThat(logits).hasSameSizeAs(wanted);
      for (int i = 0; i < logits.length; i++) {
        assertThat(Math.abs(logits[i] - wanted[i]))
            .as("row %d, token %d", i / 512, i % 512)
            .isLessThanOrEqualTo(tolerance);
      }
      assertThat(longs(found, "greedy_ids")).isEqualTo(longs(expected, "greedy_ids"));
    }
  }

  @Test
  void shouldLeaveTheContinuationOutUnlessAsked() {
    Path golden = GoldenFiles.unpack("llama3", directory);
    Path output = directory.resolve("out.safetensors");

    CommandLineRun run =
        CommandLineRun.of(
            arguments(golden, golden.resolve("expected.safetensors"), output, "reference"));

    assertThat(run.exitCode()).as(run.err()).isZero();
    try (SafetensorsFile found = SafetensorsFile.open(output)) {
      assertThat(found.tensors()).extracting(TensorInfo::name).containsExactly("logits");
    }
  }

  // ---- models that cannot be used: exit 1, the values in one line, no output file

  @Test
  void shouldNameAMissingModel() {
    refuses(directory.resolve("absent"), "absent: there is no such directory");
  }

  @Test
  void shouldNameAMissingModelFile() throws IOException {
    Path model = GoldenFiles.unpack("llama3", directory);
    Files.delete(model.resolve("model.safetensors"));

    refuses(model, "it holds neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void shouldRefuseTruncatedWeights() throws IOException {
    Path model = GoldenFiles.unpack("llama3", directory);
    Path weights = model.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(whole, whole.length - 1_000));
    long data = whole.length - 8 - ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong(0);

    refuses(model, String.format(Locale.ROOT, "outside the file's %d bytes of data", data - 1_000));
  }

  @Test
  void shouldRefuseAHeaderThatClaimsMoreThanThereIs() throws IOException {
    Path model = GoldenFiles.unpack("llama3", directory);
    Path weights = model.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1L << 62);
    Files.write(weights, whole);

    refuses(
        model,
        String.format(
            Locale.ROOT,
            "its header claims 4611686018427387904 bytes, but %d follow",
            whole.length - 8));
  }

  @Test
  void shouldRefuseOverlappingTensors() throws IOException {
    Path model = GoldenFiles.unpack("llama3", directory);
    String header =
        """
        {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},\
        "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}\
        """;
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Files.write(
        model.resolve("model.safetensors"),
        ByteBuffer.allocate(8 + json.length + 12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json)
            .array());

    refuses(model, "tensor b: its data begins at 4 but tensor a ends at 8: they overlap");
  }

  @Test
  void shouldRefuseWrongShapes() throws IOException {
    Path model = GoldenFiles.unpack("llama3", directory);
    Path config = model.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceAll("\"vocab_size\": *512", "\"vocab_size\": 500"));

    refuses(
        model,
        "tensor model.embed_tokens.weight has shape [512, 128],"
            + " the configuration asks for [500, 128]");
  }

  @Test
  void shouldRefuseIdsOutsideTheVocabulary() {
    Path input = directory.resolve("in.safetensors");
    List<TensorInfo> ids = List.of(new TensorInfo("input_ids", DType.I64, Shape.of(1, 2)));
    try (SafetensorsWriter writer = SafetensorsWriter.create(input, ids, Map.of())) {
      writer.append(new long[] {1, 512});
      writer.finish();
    }
    Path output = directory.resolve("out.safetensors");

    CommandLineRun run =
        CommandLineRun.of(
            arguments(GoldenFiles.unpack("llama3", directory), input, output, "reference"));

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("in.safetensors: id 512 at index 1, the vocabulary has 512");
    assertThat(output).doesNotExist();
  }

  @Test
  void shouldRefuseHalfAQuestionAboutTheContinuation() {
    Path golden = GoldenFiles.unpack("llama3", directory);
    String[] arguments =
        Stream.concat(
                Arrays.stream(
                    arguments(golden, golden.resolve("expected.safetensors"), golden, "cpu")),
                Stream.of("--greedy-prompt", "3"))
            .toArray(String[]::new);

    CommandLineRun run = CommandLineRun.of(arguments);

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("--greedy-prompt and --greedy-tokens go together");
  }

  private void refuses(Path model, String message) {
    Path input = directory.resolve("in.safetensors");
    Path output = directory.resolve("out.safetensors");

    CommandLineRun run = CommandLineRun.of(arguments(model, input, output, "reference"));

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("millrace: cannot load ").contains(message);
    assertThat(run.err().strip().lines()).as("no stack trace").hasSize(1);
    assertThat(output).doesNotExist();
  }

  private CommandLineRun run(Path model, Path input, Path output, String backend) {
    return CommandLineRun.of(
        Stream.concat(
                Arrays.stream(arguments(model, input, output, backend)),
                Stream.of("--arithmetic", "f32", "--greedy-prompt", "21", "--greedy-tokens", "24"))
            .toArray(String[]::new));
  }

  private static String[] arguments(Path model, Path input, Path output, String backend) {
    return new String[] {
      "model",
      "logits",
      "--model",
      model.toString(),
      "--input",
      input.toString(),
      "--output",
      output.toString(),
      "--backend",
      backend
    };
  }

  private static float[] floats(SafetensorsFile file, String name) {
    return file.tensor(name).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static long[] longs(SafetensorsFile file, String name) {
    return file.tensor(name).data().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
  }
}
