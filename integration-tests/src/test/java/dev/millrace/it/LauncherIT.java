package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The launcher in the environments that containers, cron and systemd give: few variables, no home,
 * no character set. Commands are scripts in UTF-8 for a shell, since this JVM could not even pass
 * on an argument that is not ASCII.
 */
class LauncherIT {

  private static final Path ROOT = StreamHarness.root();
  private static final Path LAUNCHER = ROOT.resolve("millrace");
  private static final String GENERATE =
      "model generate --max-tokens 4 --json --threads 1 --backend cpu --prompt ";
  private static final String PROMPT = "'Übersetzung für naïve Köche, 日本 – 😀 \uFFFD.'";

  @TempDir private Path directory;

  private record Said(int code, String out, String err) {}

  @BeforeEach
  void assumeBuilt() {
    Path libraries = ROOT.resolve("stream-app/cli/target/lib");
    if (System.getenv("CI") != null) {
      // Where everything is there, a skipped test is a fault of this one.
      assertThat(libraries).isDirectory();
    }
    assumeThat(libraries)
        .as("SKIPPED, because the launcher's class path is not there; `mvn package` makes it")
        .isDirectory();
    assumeThat(Path.of("/usr/bin/env")).as("SKIPPED, for want of env").isExecutable();
  }

  /** Runs a line of shell with these variables and no others. */
  private Said run(Map<String, String> environment, String line)
      throws IOException, InterruptedException {
    Path script = directory.resolve("script");
    Files.writeString(script, line + "\n", StandardCharsets.UTF_8);
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", script.toString())
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().put("MILLRACE_NO_BUILD", "1");
    builder.environment().put("MILLRACE_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("MILLRACE_JAVA_OPTS", options());
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(process.waitFor(180, TimeUnit.SECONDS)).as(line).isTrue();
    return new Said(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static String options() {
    List<String> options = new ArrayList<>(StreamHarness.place());
    options.add("-XX:TieredStopAtLevel=1");
    options.add("-Xmx512m");
    return String.join(" ", options);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PATH=/usr/bin:/bin",
        "HOME=",
        "HOME=/nonexistent",
        "LC_ALL=xx_YY.ISO-8859-1",
        "CDPATH=.:/usr",
        "TERM=dumb",
        "LANG=fa_IR"
      })
  void shouldStartWithHardlyAnyVariable(String variable) throws Exception {
    String[] pair = variable.split("=", 2);

    Said said = run(Map.of(pair[0], pair[1]), LAUNCHER + " --version");

    assertThat(said.err()).doesNotContain("unbound");
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).contains("millrace ");
  }

  @Test
  void shouldFindAJdkWithoutHome() throws Exception {
    Said said =
        run(
            Map.of("MILLRACE_JAVA_HOME", "", "JAVA_HOME", System.getProperty("java.home")),
            "unset HOME PATH; " + LAUNCHER + " --version");

    assertThat(said.code()).as(said.err()).isZero();
  }

  @Test
  void shouldFindItsDirectoryThroughALinkAndCdPath() throws Exception {
    Path bin = Files.createDirectory(directory.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("millrace"), LAUNCHER);

    Said said = run(Map.of("CDPATH", directory.toString()), "bin/millrace --version");

    assertThat(said.code()).as(said.err()).isZero();
  }

  /** The same prompt, whatever the locale: it was 49 tokens of lost characters, without a word. */
  @Test
  void shouldReadArgumentsAlikeInEveryLocale() throws Exception {
    Said plain = run(Map.of("LC_ALL", "C.UTF-8"), LAUNCHER + " " + GENERATE + PROMPT);
    assertThat(plain.code()).as(plain.err()).isZero();
    assertThat(plain.out()).contains("\"generated\":");
    for (Map<String, String> locale :
        List.of(
            Map.of("LC_ALL", "C"),
            Map.of("LANG", "POSIX"),
            Map.<String, String>of(),
            Map.of("LC_ALL", "", "LC_CTYPE", "C", "LANG", "C.UTF-8"))) {
      Said said = run(locale, LAUNCHER + " " + GENERATE + PROMPT);

      assertThat(said.code()).as(said.err()).isZero();
      assertThat(said.out()).as("%s", locale).isEqualTo(plain.out());
    }
  }

  @Test
  void shouldReadAndWriteFilesWithAnyNameAndStandardInput() throws Exception {
    String options = " --model '" + ROOT.resolve("inference-core/models/demo") + "'";
    String line = "{\"id\":\"ü\",\"text\":\"Köche kochen 日本.\"}";
    Said said =
        run(
            Map.of("LC_ALL", "C"),
            """
            set -e
            mkdir -p 'größe'
            printf '%s\\n' 'LINE' > 'größe/文書.jsonl'
            MILLRACE enrich --input 'größe/文書.jsonl' --output 'größe/ergebnis é.jsonl'OPTIONS
            MILLRACE enrich --input - --output - OPTIONS < 'größe/文書.jsonl' > direct
            cp 'größe/ergebnis é.jsonl' copy
            cd 'größe'
            MILLRACE enrich --input '文書.jsonl' --output ../relative OPTIONS
            """
                .replace("LINE", line)
                .replace("MILLRACE", LAUNCHER.toString())
                .replace("OPTIONS", options));

    assertThat(said.code()).as(said.err()).isZero();
    for (String file : List.of("copy", "direct", "relative")) {
      var outcome = new ObjectMapper().readTree(Files.readString(directory.resolve(file)));
      assertThat(outcome.path("id").asText()).isEqualTo("ü");
      assertThat(outcome.path("error").isMissingNode()).as(outcome.toString()).isTrue();
    }
  }

  /**
   * Without the launcher nobody chooses a locale: what is lost is refused, what is there counts.
   */
  @Test
  void shouldRefuseLostCharactersWithoutTheLauncher() throws Exception {
    Path target = ROOT.resolve("stream-app/cli/target");
    String java =
        "\"$MILLRACE_JAVA_HOME\"/bin/java -Xmx512m --enable-native-access=ALL-UNNAMED"
            + " --add-modules=jdk.incubator.vector --sun-misc-unsafe-memory-access=allow"
            + " -Dmillrace.home='"
            + ROOT
            + "' -cp '"
            + target
            + "/classes:"
            + target
            + "/lib/*'"
            + " dev.millrace.cli.Main ";

    Said lost = run(Map.of("LC_ALL", "C"), java + GENERATE + PROMPT);
    Said kept = run(Map.of("LC_ALL", "C.UTF-8"), java + "model inspect 'nö \uFFFD'");
    Said latin = run(Map.of("LC_ALL", "C.UTF-8"), java + "model inspect \"$(printf 'n\\366')\"");

    assertThat(lost.code()).isEqualTo(2);
    assertThat(lost.out()).isEmpty();
    assertThat(lost.err()).contains("argument 11", "ANSI_X3.4-1968", "LC_ALL=C.UTF-8");
    assertThat(kept.err()).contains("nö \uFFFD").doesNotContain("argument 3");
    assertThat(latin.code()).isEqualTo(2);
    assertThat(latin.err()).contains("argument 3");
  }

  /** As for a user that is only a number: no home, no name, and nothing made in the directory. */
  @ParameterizedTest
  @ValueSource(strings = {"?", "/nonexistent", "", "/proc/self"})
  void shouldRunAModelWithoutAHome(String home) throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    Path work = Files.createDirectory(directory.resolve("work"));

    Said said =
        run(
            Map.of(
                "MILLRACE_JAVA_OPTS",
                options()
                    + " -Duser.name=? -Duser.home="
                    + home
                    + " -Djava.io.tmpdir="
                    + temporary),
            "cd '" + work + "'; set -f; " + LAUNCHER + " " + GENERATE + "hello");

    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).contains("\"generated\":");
    assertThat(work).isEmptyDirectory();
    assertThat(Path.of("/nonexistent")).doesNotExist();
    try (Stream<Path> made = Files.list(temporary)) {
      assertThat(made.map(path -> path.getFileName().toString()))
          .allMatch(name -> name.matches("millrace-native-uid-\\d+|hsperfdata.*"));
    }
  }
}
