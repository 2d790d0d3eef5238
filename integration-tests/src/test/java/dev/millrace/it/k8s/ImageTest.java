package dev.millrace.it.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What holds the image's recipe to the launcher, the manifests and what clusters ask for. */
class ImageTest {
  private static final Path FOLDER = Manifests.home().resolve("image");

  /** What the launcher sets and the image need not, for it knows its own directory. */
  private static final String HOME = "-Dmillrace.home=";

  private static List<String> containerfile() throws IOException {
    return Files.readAllLines(FOLDER.resolve("Containerfile"));
  }

  private static Set<String> jvmOptions(String text) {
    return Pattern.compile("(?<=\\s|^)--?[A-Za-z]\\S+")
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .filter(option -> !option.startsWith(HOME))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String between(String text, String begin, String end) {
    int from = text.indexOf(begin) + begin.length();
    assertThat(from).as(begin).isGreaterThanOrEqualTo(begin.length());
    return text.substring(from, text.indexOf(end, from));
  }

  @Test
  void shouldStartTheProgramAsTheLauncherDoes() throws IOException {
    String launcher = Files.readString(Manifests.home().resolve("../millrace"));
    String fromLauncher =
        between(launcher, "exec \"$jdk/bin/java\" \\\n", "${shared[@]").replace(" \\\n", "\n");
    String build = Files.readString(FOLDER.resolve("build"));
    String fromImage = between(build, "java.options\" <<END\n", "-cp $jars");

    Set<String> own = jvmOptions(fromLauncher);
    assertThat(own).contains("--add-modules=jdk.incubator.vector", "-XX:-CreateCoredumpOnCrash");
    Set<String> expected = new TreeSet<>(own);
    // A user without a name has no home directory, and Java calls it a question mark.
    expected.add("-Duser.home=/tmp");
    assertThat(jvmOptions(fromImage)).isEqualTo(expected);
  }

  @Test
  void shouldNeedNoShellAndNoRoot() throws IOException {
    List<String> lines = containerfile();
    assertThat(lines).noneMatch(line -> line.startsWith("RUN"));
    assertThat(lines).contains("USER 10001:0");
    assertThat(lines)
        .filteredOn(line -> line.startsWith("ENTRYPOINT") || line.startsWith("CMD"))
        .hasSize(2)
        .allMatch(line -> line.contains("["));
    assertThat(lines).filteredOn(line -> line.startsWith("  CMD")).allMatch(l -> l.contains("[\""));
  }

  @Test
  void shouldLeaveTheChoiceOfDevicesToTheCluster() throws IOException {
    assertThat(containerfile())
        .noneMatch(line -> line.contains("NVIDIA_VISIBLE_DEVICES"))
        .anyMatch(line -> line.equals("ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility"));
  }

  @Test
  void shouldBeWhatTheManifestsNameAndAsk() throws IOException {
    List<String> lines = containerfile();
    String statefulSet = Files.readString(Manifests.home().resolve("base/statefulset.yaml"));
    assertThat(lines).contains("EXPOSE 9464", "WORKDIR /var/lib/millrace");
    assertThat(statefulSet)
        .contains("containerPort: 9464", "runAsUser: 10001", "mountPath: /var/lib/millrace")
        .contains("mountPath: /tmp");
    String build = Files.readString(FOLDER.resolve("build"));
    assertThat(build).contains("dev.millrace.operations.health.HealthProbe", "models/demo");
    assertThat(Files.readString(Manifests.home().resolve("overlays/local/millrace.yaml")))
        .contains("model.dir: /opt/millrace/models/demo");
    assertThat(Files.readString(Manifests.home().resolve("overlays/gpu/kustomization.yaml")))
        .contains("-nvidia");
  }
}
