package dev.millrace.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompareCommandTest {

  @TempDir private Path directory;

  private CommandLineRun run(Path golden, Path expected, String... more) {
    String[] always = {
      "model",
      "compare",
      "--model",
      golden.toString(),
      "--expected",
      expected.toString(),
      "--backend",
      "reference",
      "--greedy-prompt",
      "21"
    };
    return CommandLineRun.of(
        Stream.concat(Stream.of(always), Stream.of(more)).toArray(String[]::new));
  }

  @Test
  void shouldFindTheReferenceCloseToTheGoldenLogits() throws IOException {
    Path golden = GoldenFiles.unpack("llama3", directory);

    CommandLineRun run =
        run(
            golden,
            golden.resolve("expected.safetensors"),
            "--allowed=1e-5",
            "--far=1e-5",
            "--same-tokens=24",
            "--json");

    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode found = new ObjectMapper().readTree(run.out());
    assertThat(found.at("/good").booleanValue()).isTrue();
    assertThat(found.at("/rows").intValue()).isEqualTo(72);
    assertThat(found.at("/largestDifference").doubleValue()).isPositive().isLessThan(2e-4);
    assertThat(found.at("/largestLogit").doubleValue()).isGreaterThan(1);
    assertThat(found.at("/rowsWithOtherBits").intValue()).isZero();
    assertThat(found.at("/greedySame").intValue()).isEqualTo(24);
  }

  @Test
  void shouldFindOneWrongLogitAndOneWrongToken() throws IOException {
    Path golden = GoldenFiles.unpack("llama3", directory);
    Path expected = golden.resolve("expected.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(expected)).order(ByteOrder.LITTLE_ENDIAN);
    String header = new String(bytes.array(), 8, (int) bytes.getLong(0), StandardCharsets.UTF_8);
    JsonNode tensors = new ObjectMapper().readTree(header);
    int data = 8 + (int) bytes.getLong(0);
    int logit = data + tensors.at("/logits/data_offsets/0").intValue() + 4 * 512 * 3;
    bytes.putFloat(logit, bytes.getFloat(logit) + 10);
    int token = data + tensors.at("/greedy_ids/data_offsets/0").intValue() + 8 * 5;
    bytes.putLong(token, (bytes.getLong(token) + 1) % 512);
    Files.write(expected, bytes.array());

    CommandLineRun wrongLogit = run(golden, expected);
    CommandLineRun wrongToken = run(golden, expected, "--far-rows=1", "--same-tokens=24");

    assertThat(wrongLogit.exitCode()).isEqualTo(1);
    assertThat(wrongLogit.out()).contains("NOT GOOD").contains("5 of 24 tokens the same");
    assertThat(wrongToken.exitCode()).isEqualTo(1);
    assertThat(run(golden, expected, "--far-rows=1", "--same-tokens=5").exitCode()).isZero();
  }

  @Test
  void shouldRefuseAFileWithoutLogits() {
    Path golden = GoldenFiles.unpack("llama3", directory);

    CommandLineRun run = run(golden, golden.resolve("model.safetensors"));

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("model.safetensors").contains("input_ids");
  }
}
