package dev.millrace.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InspectCommandTest {

  private static final Path CORE = Path.of(System.getProperty("millrace.root"), "inference-core");

  @TempDir private Path directory;

  @Test
  void shouldCountWhatTheFilesHold() throws IOException {
    for (String name : new String[] {"scout", "maverick", "guard", "llama3"}) {
      JsonNode model = json(GoldenFiles.unpack(name, directory));

      assertThat(model.path("parameters").longValue())
          .as("%s: every parameter is stored in two bytes", name)
          .isEqualTo(model.path("weightBytes").longValue() / 2);
      assertThat(model.path("quantisation").textValue()).isEqualTo("none");
    }
  }

  @Test
  void shouldSayWhatAMixtureOfExpertsIs() throws IOException {
    JsonNode model = json(GoldenFiles.unpack("maverick", directory));

    assertThat(model.path("architecture").textValue()).isEqualTo("Llama4ForCausalLM");
    assertThat(model.path("layers").intValue()).isEqualTo(8);
    assertThat(model.path("moeLayers").intValue()).isEqualTo(4);
    assertThat(model.path("experts").intValue()).isEqualTo(8);
    assertThat(model.path("weightFiles").intValue()).isEqualTo(2);
    // Four layers leave seven of eight experts out, each three matrices of 128 by 128.
    assertThat(model.path("parameters").longValue() - model.path("activeParameters").longValue())
        .isEqualTo(4L * 7 * 3 * 128 * 128);
    // Keys and values, eight layers, two heads of 64, two bytes.
    assertThat(model.path("kvBytesPerToken").longValue()).isEqualTo(2L * 8 * 2 * 64 * 2);
    assertThat(model.path("gpus")).allMatch(gpu -> gpu.path("fits").booleanValue());
  }

  @Test
  void shouldPrintATableForPeople() {
    CommandLineRun run =
        CommandLineRun.of("model", "inspect", CORE.resolve("models/demo").toString());

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("Llama4ForCausalLM", "parameters", "quantisation     none", "H200")
        .contains("experts");
  }

  @Test
  void shouldLeaveRoomForWhatAGpuKeeps() {
    Gpu gpu = new Gpu("toy", 10);

    assertThat(gpu.room(0)).isEqualTo((long) (8.5 * (1L << 30)));
    assertThat(gpu.room(9L << 30)).isNegative();
  }

  @Test
  void shouldNameWhatIsMissing() {
    CommandLineRun absent = CommandLineRun.of("model", "inspect", "no-such-model");
    assertThat(absent.exitCode()).isEqualTo(1);
    assertThat(absent.err()).contains("cannot load no-such-model: there is no such directory");

    assertThat(CommandLineRun.of("model", "inspect").exitCode()).isEqualTo(2);
    assertThat(CommandLineRun.of("model").err()).contains("which command?");
  }

  private static JsonNode json(Path model) throws IOException {
    CommandLineRun run = CommandLineRun.of("model", "inspect", "--json", model.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out().strip().lines()).hasSize(1);
    return new ObjectMapper().readTree(run.out());
  }
}
