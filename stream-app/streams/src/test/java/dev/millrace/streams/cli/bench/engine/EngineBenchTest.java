package dev.millrace.streams.cli.bench.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.streams.cli.CommandException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class EngineBenchTest {

  private static final RandomModel SMALL = new RandomModel(3, 128, 4, 2, 1, 4, 64, 300);

  @TempDir private Path directory;

  @Test
  void shouldCountTheWorkOfTheRandomModel() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    SMALL.writeTo(model);

    ModelWork work = ModelWork.of(ModelConfig.read(model));

    long attention = 128L * (2 * 2 + 2) * 128;
    long expert = 3L * 128 * 64;
    long always = 4 * (attention + expert + 128 * 4);
    assertThat(work.prefillOperations()).isEqualTo(2.0 * (always + 4 * expert));
    assertThat(work.parametersRead(1)).isEqualTo(always + 4.0 * expert + 128 * 300);
    assertThat(work.parametersRead(10_000))
        .isCloseTo(always + 16.0 * expert + 128 * 300, within(1e-3));
  }

  @Test
  void shouldMeasureAfterCheckingAndCompareWithAPeer() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    SMALL.writeTo(model);
    Path figures =
        Files.writeString(directory.resolve("peer.json"), "{\"prefill\": 0.5, \"note\": \"x\"}");
    StringWriter out = new StringWriter();

    int exit =
        new CommandLine(new EngineBench())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(new StringWriter()))
            .execute(
                "--model=" + model,
                "--rounds=1",
                "--documents=2",
                "--threads=2",
                "--json",
                "--peer=other=" + figures);

    assertThat(exit).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString());
    for (String name : new String[] {"prefill", "decode1", "decode8", "decode32"}) {
      assertThat(result.at("/" + name + "/median").doubleValue()).as(name).isPositive();
      assertThat(result.at("/" + name + "/shareOfLimit").doubleValue()).as(name).isPositive();
    }
    assertThat(result.at("/documents1/median").doubleValue()).isPositive();
    assertThat(result.at("/threeTasksCost").doubleValue()).isPositive();
    assertThat(result.at("/prefill/ratioToother").doubleValue())
        .isEqualTo(result.at("/prefill/median").doubleValue() / 0.5);
    assertThat(result.at("/decode1").has("ratioToother")).isFalse();
  }

  @Test
  void shouldTakeTheMiddleOfASpread() {
    assertThat(Spread.of(3, 1, 2)).isEqualTo(new Spread(2, 1, 3));
    assertThat(Spread.of(4, 1)).isEqualTo(new Spread(2.5, 1, 4));
  }

  @Test
  void shouldRefuseAPeerWithoutAFile() {
    assertThatThrownBy(() -> Peer.parse("llama.cpp"))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("NAME=FILE")
        .hasMessageContaining("llama.cpp");
    assertThatThrownBy(() -> Peer.parse("x=" + directory.resolve("missing.json")))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("missing.json");
  }
}
