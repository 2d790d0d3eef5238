package dev.millrace.release;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive that this build made: what is in it, and that it runs where there is no Java. */
class ReleaseIT {
  private static final Path ARCHIVES = Path.of("target/archives").toAbsolutePath();

  @TempDir private Path directory;

  private static Path archive() throws IOException {
    try (Stream<Path> files = Files.list(ARCHIVES)) {
      return files
          .filter(file -> file.toString().endsWith("-linux-x86_64.tar.gz"))
          .findFirst()
          .orElseThrow();
    }
  }

  private String run(Path place, String script) throws IOException, InterruptedException {
    Path out = directory.resolve("out");
    ProcessBuilder builder =
        new ProcessBuilder("/bin/bash", "-c", script)
            .directory(place.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/bin:/bin");
    builder.environment().put("HOME", directory.toString());
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(process.waitFor(240, TimeUnit.SECONDS)).as(script).isTrue();
    String said = Files.readString(out, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  private Path unpacked() throws Exception {
    run(directory, "tar xzf '" + archive() + "'");
    String name = ("" + archive().getFileName()).replace(".tar.gz", "");
    return directory.resolve(name);
  }

  @Test
  void shouldRunOnItsOwnJavaAndStartFasterNextTime() throws Exception {
    Path home = unpacked();

    String first = run(home, "./millrace demo --documents 3 --json");
    String again = run(directory, "'" + home + "/millrace' demo --documents 3 --json");

    assertThat(first.lines().filter(line -> line.startsWith("{\"id\""))).hasSize(3);
    assertThat(again.lines().filter(line -> line.startsWith("{\"id\""))).hasSize(3);
    try (Stream<Path> cache = Files.list(directory.resolve(".cache/millrace"))) {
      assertThat(cache.map(file -> "" + file.getFileName()))
          .anyMatch(name -> name.matches("classes-demo-[0-9a-f]{24}\\.jsa"));
    }
    run(home, "sha256sum --quiet -c SHA256SUMS");
  }

  /** A jar that is exchanged must not run on the classes of the former one. */
  @Test
  void shouldForgetSharedClassesWhenAJarChanges() throws Exception {
    Path home = unpacked();
    String enrich = "echo '{\"id\":\"a\",\"text\":\"b\"}' | ./millrace enrich --input - --output -";
    run(home, enrich + "; " + enrich);
    run(home, "touch -d 2027-01-01 lib/picocli-*.jar; " + enrich + "; " + enrich);

    try (Stream<Path> cache = Files.list(directory.resolve(".cache/millrace"))) {
      assertThat(cache.map(file -> "" + file.getFileName()).filter(n -> n.endsWith(".jsa")))
          .as("the one for the new time, moved into its place by the last start")
          .hasSize(1);
    }
  }

  @Test
  void shouldListEachJarInTheBillOfMaterials() throws Exception {
    Path home = unpacked();

    JsonNode sbom = new ObjectMapper().readTree(home.resolve("sbom.cdx.json").toFile());
    List<String> listed = new ArrayList<>();
    for (JsonNode component : sbom.path("components")) {
      if (component.path("type").asText().equals("library")) {
        String path = component.path("bom-ref").asText();
        listed.add(path);
        assertThat(component.path("licenses")).as(path).isNotEmpty();
        String expected = component.path("hashes").path(0).path("content").asText();
        assertThat(Jar.sha256(home.resolve(path))).as(path).isEqualTo(expected);
      }
    }
    TreeSet<String> present = new TreeSet<>();
    for (Path file : TarGz.files(home)) {
      String path = home.relativize(file).toString();
      boolean empty = path.contains("/com.mysql.") || path.contains("/wsdl4j.");
      if (path.endsWith(".jar") && !path.startsWith("runtime/") && !empty) {
        present.add(path);
      }
    }
    assertThat(listed).containsExactlyInAnyOrderElementsOf(present);
    assertThat(sbom.findValuesAsText("name"))
        .anyMatch(name -> name.endsWith("librocksdbjni-linux64.so"));
    assertThat(home.resolve("THIRD-PARTY.md")).content().contains("org.apache.kafka:kafka-streams");
  }

  @Test
  void shouldCompleteCommands() throws Exception {
    Path home = unpacked();

    String said =
        run(
            home,
            "source completion/millrace.bash; COMP_WORDS=(millrace top); COMP_CWORD=1;"
                + " COMP_LINE='millrace top'; COMP_POINT=12; _complete_millrace;"
                + " echo \"${COMPREPLY[@]}\"");

    assertThat(said.strip()).isEqualTo("topics");
  }

  @Test
  void shouldGiveTheSameBytesAgain() throws Exception {
    String version = ("" + archive().getFileName()).replaceAll("millrace-(.*)-linux.*", "$1");
    ReleaseMain.main(
        new String[] {
          System.getProperty("millrace.root"),
          version,
          System.getProperty("millrace.release.time"),
          System.getProperty("millrace.repository"),
          directory.resolve("again").toString(),
          "linux"
        });

    Path again = directory.resolve("again").resolve(archive().getFileName());
    assertThat(Jar.sha256(again)).isEqualTo(Jar.sha256(archive()));
  }
}
