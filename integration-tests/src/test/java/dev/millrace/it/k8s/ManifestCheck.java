package dev.millrace.it.k8s;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigException;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.config.ApplicationSpec;
import io.kubernetes.client.custom.Quantity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What must hold in a rendered overlay, between its documents and the application. */
final class ManifestCheck {
  /** Besides drain and stop: the engine's end, and some for a slow node. */
  private static final Duration BESIDE = Duration.ofSeconds(30);

  /** Of the virtual machine beside its heap, and of RocksDB. */
  private static final Quantity BESIDE_HEAP = Quantity.fromString("768Mi");

  private static final Pattern HEAP = Pattern.compile("-Xmx(\\d+)([mg])");
  private static final String LOGIN =
      "org.apache.kafka.common.security.scram.ScramLoginModule required username=a password=b;";

  private final Manifests manifests;
  private final MetricNames metrics;
  private final String version;
  private final Path directory;
  private final List<String> problems = new ArrayList<>();

  /**
   * @param version of the project, which images are tagged with
   * @param directory for drafts
   */
  ManifestCheck(Manifests manifests, MetricNames metrics, String version, Path directory) {
    this.manifests = manifests;
    this.metrics = metrics;
    this.version = version;
    this.directory = directory;
  }

  /** All that is wrong, one line each. */
  List<String> problems() {
    FieldCheck fields = new FieldCheck();
    manifests.all().forEach(each -> problems.addAll(fields.problems(each)));
    for (String kind : List.of("StatefulSet", "Job")) {
      manifests.of(kind).forEach(this::checkPods);
    }
    manifests.of("StatefulSet").forEach(this::checkApplication);
    manifests.of("PodDisruptionBudget").forEach(this::checkBudget);
    manifests.of("ScaledObject").forEach(this::checkScaling);
    manifests.of("PrometheusRule").forEach(this::checkRules);
    return problems;
  }

  private void require(boolean holds, JsonNode document, String problem) {
    if (!holds) {
      problems.add(Manifests.name(document) + ": " + problem);
    }
  }

  private static List<JsonNode> containers(JsonNode pod) {
    List<JsonNode> all = new ArrayList<>();
    pod.path("initContainers").forEach(all::add);
    pod.path("containers").forEach(all::add);
    return all;
  }

  /** Restricted pod security, images, and names that must resolve. */
  private void checkPods(JsonNode document) {
    JsonNode pod = document.at("/spec/template/spec");
    require(pod.at("/securityContext/runAsNonRoot").asBoolean(), document, "pods may run as root");
    require(
        pod.at("/securityContext/seccompProfile/type").asText().equals("RuntimeDefault"),
        document,
        "pods have no seccomp profile");
    require(
        !pod.path("automountServiceAccountToken").asBoolean(true),
        document,
        "pods get a token of the cluster");
    require(
        !pod.path("enableServiceLinks").asBoolean(true),
        document,
        "service links would be taken for settings");
    Set<String> volumes = new TreeSet<>();
    pod.path("volumes").forEach(each -> volumes.add(each.path("name").asText()));
    document
        .at("/spec/volumeClaimTemplates")
        .forEach(each -> volumes.add(each.at("/metadata/name").asText()));
    for (JsonNode container : containers(pod)) {
      String name = container.path("name").asText();
      require(
          container.at("/securityContext/readOnlyRootFilesystem").asBoolean()
              && !container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true)
              && container.at("/securityContext/capabilities/drop/0").asText().equals("ALL"),
          document,
          "container " + name + " may write, gain rights or keep capabilities");
      String image = container.path("image").asText();
      require(
          image.startsWith("millrace:" + version),
          document,
          "image %s, expected the tag %s".formatted(image, version));
      require(
          container.at("/resources/limits").has("memory"),
          document,
          "container " + name + " has no limit of memory");
      container
          .path("volumeMounts")
          .forEach(mount ->
              require(
                  volumes.contains(mount.path("name").asText()),
                  document,
                  "there is no volume " + mount.path("name").asText()));
      container
          .path("env")
          .forEach(each ->
              require(
                  !each.path("name").asText().equals("NVIDIA_VISIBLE_DEVICES"),
                  document,
                  "NVIDIA_VISIBLE_DEVICES gives devices that were not asked for"));
    }
    pod.path("volumes")
        .forEach(volume -> {
          String map = volume.at("/configMap/name").asText();
          require(
              map.isEmpty()
                  || manifests.of("ConfigMap").stream()
                      .anyMatch(each -> each.at("/metadata/name").asText().equals(map)),
              document,
              "there is no config map " + map);
        });
    Map<String, String> labels = texts(document.at("/spec/template/metadata/labels"));
    texts(document.at("/spec/selector/matchLabels"))
        .forEach((key, value) ->
            require(
                value.equals(labels.get(key)), document, "pods lack the selected label " + key));
  }

  private static Map<String, String> texts(JsonNode node) {
    Map<String, String> texts = new TreeMap<>();
    node.fieldNames().forEachRemaining(key -> texts.put(key, node.get(key).asText()));
    return texts;
  }

  private void checkApplication(JsonNode document) {
    JsonNode pod = document.at("/spec/template/spec");
    JsonNode container = pod.at("/containers/0");
    Map<String, String> env = new TreeMap<>();
    container
        .path("env")
        .forEach(each -> env.put(each.path("name").asText(), each.path("value").asText("x")));
    Config config = config(document, env);
    if (config != null) {
      Duration end =
          config.get(AppKeys.DRAIN_TIMEOUT).plus(config.get(AppKeys.STOP_TIMEOUT)).plus(BESIDE);
      require(
          pod.path("terminationGracePeriodSeconds").asLong() >= end.toSeconds(),
          document,
          String.format(
              Locale.ROOT,
              "terminationGracePeriodSeconds %d, expected at least %d",
              pod.path("terminationGracePeriodSeconds").asLong(),
              end.toSeconds()));
    }
    checkProbe(document, container, "startupProbe", "/health/live");
    checkProbe(document, container, "livenessProbe", "/health/live");
    checkProbe(document, container, "readinessProbe", "/health/ready");
    Matcher heap = HEAP.matcher(env.getOrDefault("JDK_JAVA_OPTIONS", ""));
    require(heap.find(), document, "JDK_JAVA_OPTIONS sets no heap: 25 % of the limit is taken");
    JsonNode limit = container.at("/resources/limits/memory");
    JsonNode model =
        document.at("/spec/template/metadata/annotations").path("millrace.dev/model-size");
    require(!model.isMissingNode(), document, "no annotation millrace.dev/model-size");
    if (!model.isMissingNode() && heap.hasMatch()) {
      BigDecimal needed =
          bytes(heap.group(1) + heap.group(2).toUpperCase(Locale.ROOT) + "i")
              .add(BESIDE_HEAP.getNumber())
              .add(bytes(model.asText()));
      require(
          bytes(limit.asText()).compareTo(needed) >= 0,
          document,
          String.format(
              Locale.ROOT,
              "memory limit %s, expected at least %d MiB: heap, model, machine",
              limit.asText(),
              needed.longValue() >> 20));
    }
  }

  private static BigDecimal bytes(String quantity) {
    return Quantity.fromString(quantity).getNumber();
  }

  private void checkProbe(JsonNode document, JsonNode container, String probe, String path) {
    JsonNode get = container.path(probe).path("httpGet");
    require(
        get.path("path").asText().equals(path),
        document,
        probe + " does not ask " + path + ", or is missing");
    require(
        get.path("port").asText().equals(container.at("/ports/0/name").asText("-")),
        document,
        probe + " asks a port that has no name");
  }

  /** The application's own reading of its file and environment. */
  private Config config(JsonNode document, Map<String, String> env) {
    JsonNode data =
        manifests.of("ConfigMap").stream()
            .map(each -> each.at("/data/millrace.yaml"))
            .filter(JsonNode::isTextual)
            .findFirst()
            .orElse(null);
    if (data == null) {
      require(false, document, "there is no millrace.yaml");
      return null;
    }
    try {
      Path file = directory.resolve("millrace.yaml");
      Files.writeString(
          file,
          data.asText()
              .replace("${file:/etc/millrace-user/sasl.jaas.config}", LOGIN)
              .replaceAll("[$]\\{file:[^}]*}", "x"));
      return ConfigReader.read(ApplicationSpec.SPEC, file, env);
    } catch (ConfigException e) {
      require(false, document, e.getMessage());
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void checkBudget(JsonNode document) {
    Map<String, String> selected = texts(document.at("/spec/selector/matchLabels"));
    manifests
        .of("Job")
        .forEach(job ->
            require(
                !texts(job.at("/spec/template/metadata/labels"))
                    .entrySet()
                    .containsAll(selected.entrySet()),
                document,
                "it covers pods of a job, which makes it invalid"));
    require(
        manifests.of("StatefulSet").stream()
            .anyMatch(each ->
                texts(each.at("/spec/template/metadata/labels"))
                    .entrySet()
                    .containsAll(selected.entrySet())),
        document,
        "it covers no pod");
  }

  private void checkScaling(JsonNode document) {
    JsonNode stateful = manifests.first("StatefulSet").orElseThrow();
    require(
        document.at("/spec/scaleTargetRef/name").equals(stateful.at("/metadata/name")),
        document,
        "its target does not exist");
    require(
        !stateful.path("spec").has("replicas"),
        document,
        "the target sets replicas: each deployment would undo the scaling");
    require(
        document.at("/spec/minReplicaCount").asInt() >= 1,
        document,
        "minReplicaCount 0 strands pending documents");
    Config config = config(document, Map.of());
    if (config != null) {
      int partitions = config.get(TopicKeys.PARTITIONS);
      require(
          document.at("/spec/maxReplicaCount").asInt() <= partitions,
          document,
          String.format(
              Locale.ROOT,
              "maxReplicaCount %d, expected at most topics.partitions = %d",
              document.at("/spec/maxReplicaCount").asInt(),
              partitions));
      document
          .at("/spec/triggers")
          .forEach(trigger -> {
            String group = trigger.at("/metadata/consumerGroup").asText();
            require(
                group.isEmpty() || group.equals(config.get(AppKeys.ID)),
                document,
                "consumer group " + group + " is not app.id");
          });
    }
    document
        .at("/spec/triggers")
        .forEach(trigger ->
            problems.addAll(
                metrics.problems(
                    Manifests.name(document), trigger.at("/metadata/query").asText())));
  }

  private void checkRules(JsonNode document) {
    String runbook;
    try {
      runbook = Files.readString(Manifests.home().resolve("../docs/runbook.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Set<String> anchors =
        runbook
            .lines()
            .filter(line -> line.startsWith("## "))
            .map(line -> line.substring(3).toLowerCase(Locale.ROOT))
            .collect(Collectors.toCollection(TreeSet::new));
    document
        .at("/spec/groups")
        .forEach(group ->
            group
                .path("rules")
                .forEach(rule -> {
                  problems.addAll(
                      metrics.problems(rule.path("alert").asText(), rule.path("expr").asText()));
                  String url = rule.at("/annotations/runbook_url").asText();
                  require(
                      anchors.contains(url.substring(url.indexOf('#') + 1)),
                      document,
                      "the runbook has no section for " + rule.path("alert").asText());
                }));
  }
}
