package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine's commands in a process that has only the libraries a GPU machine is given. */
final class EngineCommandsTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));
  private static final int PATIENCE_SECONDS = 120;

  private record Ended(int code, String output) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "enrich --help",
        "evaluate --help",
        "model --help",
        "bench engine --help"
      })
  void shouldShowHelpWithoutKafka(String arguments) throws Exception {
    Ended ended = run(arguments.split(" "));

    assertThat(ended.output()).contains("Usage: millrace");
    assertThat(ended.code()).isZero();
  }

  @Test
  void shouldKnowNoCommandThatNeedsKafka() throws Exception {
    Ended ended = run("topics");

    assertThat(ended.output()).contains("topics");
    assertThat(ended.code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void shouldReadAModel() throws Exception {
    Ended ended = run("model", "inspect", ROOT.resolve("inference-core/models/demo").toString());

    assertThat(ended.output()).contains("parameters");
    assertThat(ended.code()).isZero();
  }

  private static Ended run(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of(System.getProperty("millrace.test.place", "-ea").split(" ")));
    command.addAll(List.of("-cp", classPath(), "dev.millrace.cli.Main"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), output);
  }

  /** This test's own class path less what the list of the pack lacks. */
  private static String classPath() throws IOException {
    Set<String> packed =
        Files.readAllLines(ROOT.resolve("kernels/gpu/jars.txt")).stream()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.split(" ", 2)[0])
            .collect(Collectors.toSet());
    String kept =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> packed(Path.of(entry), packed))
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(kept).contains("picocli").doesNotContain("kafka-", "avro", "rocksdb");
    return kept;
  }

  private static boolean packed(Path entry, Set<String> packed) {
    String name = entry.getFileName().toString();
    if (name.equals("classes")) {
      String module = entry.getName(entry.getNameCount() - 3).toString();
      return packed.contains("millrace-" + module);
    }
    return packed.contains(name.replaceFirst("-\\d.*", ""));
  }
}
