package dev.millrace.cli.bench.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.CommandException;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.RandomWeights.Quantisation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class EngineBenchTest {

  private static final RandomModel SMALL = new RandomModel(3, 128, 4, 2, 1, 4, 64, 300);

  @TempDir private Path directory;

  @Test
  void shouldCountTheWorkOfTheRandomModel() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    SMALL.writeTo(model);

    ModelWork work = ModelWork.of(ModelConfig.read(model).architecture());

    long attention = 128L * (2 * 2 + 2) * 128;
    long expert = 3L * 128 * 64;
    long always = 4 * (attention + expert + 128 * 4);
    // the last layer ends with its keys and values
    long skipped = 128L * 2 * 128 + 2 * expert + 128 * 4;
    assertThat(work.prefillOperations()).isEqualTo(2.0 * (always + 4 * expert - skipped));
    assertThat(work.parametersRead(1)).isEqualTo(always + 4.0 * expert + 128 * 300);
    assertThat(work.parametersRead(10_000))
        .isCloseTo(always + 16.0 * expert + 128 * 300, within(1e-3));
  }

  @Test
  void shouldMeasureAfterCheckingAndCompareWithAPeer() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    SMALL.writeTo(model);
    String peer =
        "while read kind rest; do case $kind in prefill) echo 0.5;; *) echo none;; esac; done";
    StringWriter out = new StringWriter();

    int exit =
        new CommandLine(new EngineBench())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(new StringWriter()))
            .execute(
                "--model=" + model,
                "--rounds=1",
                "--warm-rounds=1",
                "--warm-seconds=0",
                "--documents=2",
                "--threads=2",
                "--json",
                "--peer=other=" + peer);

    assertThat(exit).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString());
    for (String name : new String[] {"prefill", "decode1", "decode8", "decode32"}) {
      assertThat(result.at("/" + name + "/median").doubleValue()).as(name).isPositive();
      // the weights of this model stay in a cache: memory is no limit of its decoding
      assertThat(result.at("/" + name).has("limit")).as(name).isEqualTo(name.equals("prefill"));
    }
    assertThat(result.at("/prefill/shareOfLimit").doubleValue()).isPositive();
    assertThat(result.at("/documents1/median").doubleValue()).isPositive();
    assertThat(result.at("/threeTasksCost").doubleValue()).isPositive();
    assertThat(result.at("/prefill/peers/other/median").doubleValue()).isEqualTo(0.5);
    assertThat(result.at("/prefill/peers/other/ratio/median").doubleValue())
        .isEqualTo(result.at("/prefill/median").doubleValue() / 0.5);
    assertThat(result.at("/decode1").has("peers")).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void shouldMeasureRandomWeightsOfAConfiguration(Quantisation quantisation) throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    SMALL.writeTo(model);
    Files.delete(model.resolve("model.safetensors"));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();

    // prompts longer than a step, and more of them than one step holds
    int exit =
        new CommandLine(new EngineBench())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(
                "--random-model=" + model,
                "--quantisation=" + quantisation,
                "--work=PREFILL,DECODE,DOCUMENTS1,CLASSIFICATION",
                "--prefill-tokens=900",
                "--step-tokens=400",
                "--decode-sequences=1,3",
                "--decode-prompt=150",
                "--decode-steps=2",
                "--documents=2",
                "--document-tokens=40",
                "--output-tokens=3",
                "--rounds=1",
                "--warm-rounds=0",
                "--threads=2",
                "--json");

    assertThat(exit).as(err.toString()).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString());
    assertThat(result.at("/checked").booleanValue()).isTrue();
    assertThat(result.at("/quantisation").textValue())
        .isEqualTo(quantisation.name().toLowerCase(Locale.ROOT));
    for (String name :
        new String[] {"prefill", "decode1", "decode3", "documents1", "classification"}) {
      assertThat(result.at("/" + name + "/median").doubleValue()).as(name).isPositive();
    }
    assertThat(result.has("documents3")).isFalse();
    assertThat(err.toString()).as("figures as they come").contains("decode, 3 sequences");
  }

  @Test
  void shouldKnowScoutAtFullSize() {
    ModelConfig scout = RandomConfig.read("scout");

    ModelWork work = ModelWork.of(scout.architecture());

    double table = 202_048.0 * 5_120;
    assertThat(work.parametersRead(100_000) + table).isCloseTo(107.8e9, within(0.05e9));
    assertThat(work.prefillOperations()).isCloseTo(29.65e9, within(0.05e9));
    assertThat(work.bytesRead(1, 1, 2)).isCloseTo(17.2e9, within(0.05e9));
    assertThat(scout.stopTokens()).isEmpty();
  }

  @Test
  void shouldWarmForSomeRoundsAndSomeTime() {
    long second = 1_000_000_000;
    Workload both =
        CommandLine.populateCommand(new Workload(), "--warm-rounds=2", "--warm-seconds=1");

    assertThat(both.warms(1, 9 * second)).as("too few rounds").isTrue();
    assertThat(both.warms(9, second - 1)).as("too little time").isTrue();
    assertThat(both.warms(2, second)).isFalse();

    Workload none = CommandLine.populateCommand(new Workload(), "--warm-rounds=0");
    assertThat(none.warms(0, 0)).isFalse();
  }

  @Test
  void shouldRefuseWhatCannotBeMeasured() {
    refuses("--rounds is at least 1, got 0", "--rounds=0");
    refuses("--warm-seconds is at least 0, got -1", "--warm-seconds=-1");
    refuses("--step-tokens is at least 400, got 64", "--step-tokens=64");
    refuses("--decode-sequences 2000 do not fit", "--decode-sequences=1,2000");
    refuses("exclude each other", "--random-model=scout", "--model=x");
    refuses("--quantisation goes with --random-model", "--quantisation=INT4", "--model=x");
    refuses("or one of [scout], got 'behemoth'", "--random-model=behemoth");
  }

  private static void refuses(String message, String... arguments) {
    CommandLine command = new CommandLine(new EngineBench());
    assertThatThrownBy(
            () -> {
              command.parseArgs(arguments);
              ((EngineBench) command.getCommand()).call();
            })
        .isInstanceOf(CommandException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldTakeTheMiddleOfASpread() {
    assertThat(Spread.of(3, 1, 2)).isEqualTo(new Spread(2, 1, 3));
    assertThat(Spread.of(4, 1)).isEqualTo(new Spread(2.5, 1, 4));
  }
}
