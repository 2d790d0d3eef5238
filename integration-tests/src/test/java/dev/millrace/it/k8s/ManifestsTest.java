package dev.millrace.it.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests, without a cluster: against Kubernetes' own models, against each other, and against
 * the application's configuration and metrics.
 */
class ManifestsTest {
  private static final Path EXPECTED = Manifests.home().resolve("expected");
  private static final MetricNames METRICS = new MetricNames();

  @TempDir private Path directory;

  private List<String> problems(String text) {
    return new ManifestCheck(Manifests.parse(text), METRICS, version(), directory).problems();
  }

  private static String version() {
    try {
      String pom = Files.readString(Manifests.home().resolve("../pom.xml"));
      Matcher found = Pattern.compile("<version>([^<]+)</version>").matcher(pom);
      assertThat(found.find()).isTrue();
      return found.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "gpu", "production", "strimzi"})
  void shouldFitTogether(String overlay) throws IOException {
    assertThat(problems(Files.readString(EXPECTED.resolve(overlay + ".yaml")))).isEmpty();
  }

  @Test
  void shouldKnowTheFieldsOfTheFlinkJob() throws IOException {
    assertThat(
            problems(
                Files.readString(
                    Manifests.home().resolve("components/flink/flinkdeployment.yaml"))))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "local, overlays/local",
    "gpu, overlays/gpu",
    "production, overlays/production",
    "strimzi, strimzi"
  })
  void shouldBeRenderedAsCommitted(String name, String folder) throws Exception {
    Path rendered = directory.resolve("rendered.yaml");
    int status;
    try {
      Process process =
          new ProcessBuilder("kubectl", "kustomize", Manifests.home().resolve(folder).toString())
              .redirectOutput(rendered.toFile())
              .redirectError(directory.resolve("error.txt").toFile())
              .start();
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      status = process.exitValue();
    } catch (IOException e) {
      Assumptions.abort("SKIPPED: overlays are not rendered, for there is no kubectl on the path");
      return;
    }
    assertThat(status).as(Files.readString(directory.resolve("error.txt"))).isZero();
    // Not the bytes: versions of kustomize write the same documents differently.
    assertThat(Manifests.read(rendered).byName())
        .as("kubectl kustomize k8s/%s > k8s/expected/%s.yaml", folder, name)
        .isEqualTo(Manifests.read(EXPECTED.resolve(name + ".yaml")).byName());
  }

  /** Each is found, and named. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "minReadySeconds: 20 | minReadySecond: 20 | minReadySecond",
        "maxReplicaCount: 12 | maxReplicas: 12 | there is no field maxReplicas",
        "maxReplicaCount: 12 | maxReplicaCount: 13 | at most topics.partitions = 12",
        "minReplicaCount: 1 | minReplicaCount: 0 | strands pending documents",
        "app.drain.timeout: 20s | app.drain.time: 20s | app.drain.time",
        "app.drain.timeout: 20s | app.drain.timeout: 2m | terminationGracePeriodSeconds 70",
        "millrace_documents_pending{ | millrace_documents_waiting{ | no metric millrace_documents_",
        "millrace_documents_in_flight) | millrace_in_flight) | no metric millrace_in_flight",
        "livenessProbe: | lifecycle0: | lifecycle0",
        "path: /health/ready | path: /health/live | readinessProbe does not ask /health/ready",
        "image: millrace:0.1.0-SNAPSHOT | image: millrace:latest | expected the tag",
        "memory: 24Gi | memory: 16Gi | memory limit 16Gi, expected at least",
        "readOnlyRootFilesystem: true | readOnlyRootFilesystem: false | may write",
        "runAsNonRoot: true | runAsNonRoot: false | may run as root",
        "enableServiceLinks: false | enableServiceLinks: true | service links",
        "name: MALLOC_ARENA_MAX | name: NVIDIA_VISIBLE_DEVICES | NVIDIA_VISIBLE_DEVICES",
        "name: tmp | name: temp | there is no volume",
        "component: processor | component: preparation | pods of a job",
        "#millracestale | #millraceold | no section for MillraceStale",
        "type: prometheus | type: Prometheus | expected prometheus",
      })
  void shouldFindAMistake(String right, String wrong, String problem) throws IOException {
    String text = Files.readString(EXPECTED.resolve("production.yaml"));
    assertThat(text).contains(right);

    // The first place of a mount only, or every mount and volume would be renamed alike.
    String changed =
        right.equals("name: tmp") ? text.replaceFirst(right, wrong) : text.replace(right, wrong);

    assertThat(problems(changed)).anyMatch(found -> found.contains(problem));
  }

  @Test
  void shouldFindAKeyThatIsThereTwice() {
    assertThatThrownBy(() -> Manifests.parse("a: 1\na: 2\n")).hasMessageContaining("Duplicate");
  }

  @Test
  void shouldShowOnlyDeclaredMetricsOnTheDashboard() throws IOException {
    var dashboard =
        Manifests.read(Manifests.home().resolve("components/monitoring/millrace.json"))
            .all()
            .getFirst();
    assertThat(dashboard.path("editable").asBoolean(true)).isFalse();
    dashboard
        .path("panels")
        .forEach(panel -> {
          String title = panel.path("title").asText();
          assertThat(title).isNotEmpty();
          assertThat(panel.path("description").asText()).as(title).isNotEmpty();
          assertThat(panel.at("/fieldConfig/defaults/unit").asText()).as(title).isNotEmpty();
          panel
              .path("targets")
              .forEach(target -> {
                String expression = target.path("expr").asText();
                assertThat(METRICS.problems(title, expression)).isEmpty();
                assertThat(expression).as(title).contains("$namespace").contains("$pod");
                if (expression.contains("_total")) {
                  assertThat(expression).as(title).contains("rate(").contains("$__rate_interval");
                }
              });
        });
  }

  @Test
  void shouldPassTheRulesTests() throws Exception {
    var rules =
        Manifests.read(Manifests.home().resolve("components/monitoring/rules.yaml"))
            .first("PrometheusRule")
            .orElseThrow();
    Files.writeString(directory.resolve("rules.yaml"), rules.path("spec").toString());
    Path tests = Manifests.home().resolve("components/monitoring/tests/rules-test.yaml");
    Files.copy(tests, directory.resolve("rules-test.yaml"));
    String text = Files.readString(tests);
    rules
        .at("/spec/groups/0/rules")
        .forEach(rule -> {
          String alert = rule.path("alert").asText();
          assertThat(text).as("fires in a test").contains("fires: " + alert);
          assertThat(text).as("is silent in a test").contains("silent: " + alert);
        });

    String found = promtool("check", "rules", "--lint=all", "rules.yaml");
    assertThat(found).contains("SUCCESS");
    assertThat(promtool("test", "rules", "rules-test.yaml")).contains("SUCCESS");
  }

  /** {@code .ci/run} could not install it, and has said so. */
  private static boolean isExcused() {
    return "true".equals(System.getenv("WITHOUT_PROMTOOL"));
  }

  private String promtool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("promtool"));
    command.addAll(List.of(arguments));
    Path output = directory.resolve("promtool.txt");
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      assertThat("true".equals(System.getenv("CI")) && !isExcused())
          .as("promtool is missing; Debian: apt-get install prometheus")
          .isFalse();
      Assumptions.abort("SKIPPED: alerts are not tested, for there is no promtool on the path");
      return "";
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(text).isZero();
    return text;
  }
}
