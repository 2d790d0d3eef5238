package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The demo as its user runs it, in a process of its own with the launcher's class path: it tells
 * the truth, and it leaves nothing behind, whether it comes to its end or is stopped on the way.
 */
class DemoIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PORT = Pattern.compile("127\\.0\\.0\\.1:(\\d+)|on port (\\d+)");

  @TempDir private Path directory;
  private @Nullable Process started;

  @AfterEach
  void end() {
    if (started != null) {
      started.descendants().forEach(ProcessHandle::destroyForcibly);
      started.destroyForcibly();
    }
  }

  @Test
  void shouldGiveEachDocumentAnOutcomeAndLeaveNothing() throws Exception {
    Demo demo = start("demo", "--documents", "8", "--json");
    demo.await("first outcome");
    List<ProcessHandle> children = demo.children();
    assertThat(children).as("broker, registry and their guards").hasSizeGreaterThanOrEqualTo(2);

    assertThat(demo.exitCode()).as(demo.err()).isZero();

    List<String> lines = demo.out().lines().toList();
    assertThat(lines).as("one line for each outcome, and the totals").hasSize(9);
    Set<String> ids = new HashSet<>();
    for (String line : lines.subList(0, 8)) {
      JsonNode outcome = JSON.readTree(line);
      ids.add(outcome.path("id").asText());
      assertThat(outcome.path("summary").asText()).as(line).isNotEmpty();
      assertThat(outcome.path("classification").path("label").asText()).as(line).isNotEmpty();
      assertThat(outcome.path("usage").isObject()).as(line).isTrue();
    }
    assertThat(ids).hasSize(8).doesNotContain("");
    JsonNode totals = JSON.readTree(lines.getLast()).path("totals");
    assertThat(totals.path("documents").asInt()).isEqualTo(8);
    assertThat(totals.path("enriched").asInt()).isEqualTo(8);
    assertThat(totals.path("startToFirstMillis").asLong()).isPositive();
    assertNothingLeft(demo, children);
    assertThat(withoutMeasurements(enrichedBackwards(8)))
        .as("without Kafka, in another process, in the other order")
        .isEqualTo(withoutMeasurements(lines.subList(0, 8)));
  }

  /** What {@code enrich} says of the demo's first documents. */
  private List<String> enrichedBackwards(int count) throws Exception {
    Path bundle = StreamHarness.root().resolve("stream-app/cli/src/main/resources");
    List<String> documents =
        Files.readAllLines(bundle.resolve("dev/millrace/cli/demo/documents.jsonl"));
    Path input = directory.resolve("documents.jsonl");
    Files.write(input, documents.subList(0, count).reversed());
    Demo enrich = start("enrich", "--input", input.toString(), "--output", "-");
    assertThat(enrich.exitCode()).as(enrich.err()).isZero();
    return enrich.out().lines().toList();
  }

  /** Lines by id, whole but for what a run measures. */
  private static Map<String, String> withoutMeasurements(List<String> lines) throws IOException {
    Map<String, String> byId = new TreeMap<>();
    for (String line : lines) {
      JsonNode outcome = JSON.readTree(line);
      // The demo gives its documents a title; their time, which they do not state, is the record's.
      ((ObjectNode) outcome)
          .remove(List.of("title", "documentCreatedAt", "sourcePosition", "attempt", "enrichedAt"));
      ((ObjectNode) outcome.path("usage"))
          .remove(List.of("cachedTokens", "queueNanos", "computeNanos", "costUsd"));
      byId.put(outcome.path("id").asText(), outcome.toString());
    }
    return byId;
  }

  @Test
  void shouldLeaveNothingWhenStoppedByCtrlCWhileDocumentsFlow() throws Exception {
    Demo demo = start("demo", "--documents", "400", "--json");
    demo.await("first outcome");
    List<ProcessHandle> children = demo.children();

    demo.interrupt();

    assertThat(demo.exitCode()).as(demo.err()).isEqualTo(130);
    assertThat(demo.err()).contains("stopped before all documents had an outcome");
    List<String> lines = demo.out().lines().toList();
    assertThat(lines).as("stopped in the middle").hasSizeLessThan(400);
    for (String line : lines) {
      assertThat(JSON.readTree(line).path("id").asText()).as(line).isNotEmpty();
    }
    assertNothingLeft(demo, children);
  }

  @Test
  void shouldLeaveNothingWhenStoppedByCtrlCWhileStarting() throws Exception {
    Demo demo = start("demo", "--documents", "400");
    demo.await("broker ready");
    List<ProcessHandle> children = demo.children();

    demo.interrupt();

    assertThat(demo.exitCode()).as(demo.err()).isEqualTo(130);
    assertThat(demo.out()).isEmpty();
    assertNothingLeft(demo, children);
  }

  private Demo start(String... arguments) throws IOException {
    Path root = StreamHarness.root();
    Path target = root.resolve("stream-app/cli/target");
    assumeThat(target.resolve("lib"))
        .as("SKIPPED, because the launcher's class path is not there; `mvn package` makes it")
        .isDirectory();
    assumeThat(root.resolve("inference-core/models/demo/enrichment.yaml"))
        .as("SKIPPED, because the demo model has no plan")
        .exists();
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xmx1g"));
    command.addAll(StreamHarness.place());
    command.addAll(
        List.of(
            "-Dmillrace.home=" + root,
            "-Dai.djl.offline=true",
            "-Djava.io.tmpdir=" + temporary,
            // A cache, unpacked once per version and kept on purpose.
            "-Dmillrace.native.directory=" + directory.resolve("native"),
            "-cp",
            target.resolve("classes") + ":" + target.resolve("lib") + "/*",
            "dev.millrace.cli.Main"));
    command.addAll(List.of(arguments));
    Demo demo = new Demo(command, directory, temporary);
    started = demo.process;
    return demo;
  }

  private static void assertNothingLeft(Demo demo, List<ProcessHandle> children) throws Exception {
    for (ProcessHandle child : children) {
      await("process " + child.pid() + " has ended", 90, () -> !child.isAlive());
    }
    Set<Integer> ports = demo.ports();
    assertThat(ports).as("ports the demo told of").isNotEmpty();
    assertThat(ports).noneMatch(DemoIT::isServed);
    try (Stream<Path> left = Files.list(demo.temporary)) {
      assertThat(left).as("temporary files").isEmpty();
    }
  }

  private static boolean isServed(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static void await(String what, int seconds, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not in time: " + what).isLessThan(deadline);
      Thread.sleep(50);
    }
  }

  /** The process, and what it has said so far. */
  private static final class Demo {
    private final Process process;
    private final Path out;
    private final Path err;
    private final Path temporary;

    Demo(List<String> command, Path directory, Path temporary) throws IOException {
      this.out = directory.resolve("out");
      this.err = directory.resolve("err");
      this.temporary = temporary;
      this.process =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
    }

    String out() throws IOException {
      return Files.readString(out);
    }

    String err() {
      try {
        return Files.readString(err);
      } catch (IOException e) {
        return "unreadable: " + e;
      }
    }

    void await(String text) throws InterruptedException {
      DemoIT.await(text + " in " + err, 180, () -> !process.isAlive() || err().contains(text));
      assertThat(err()).contains(text);
    }

    List<ProcessHandle> children() {
      return process.descendants().toList();
    }

    /** What a terminal does at Ctrl-C. */
    void interrupt() throws Exception {
      CtrlC.process(process.pid());
    }

    int exitCode() throws InterruptedException {
      assertThat(process.waitFor(180, TimeUnit.SECONDS)).as("ended in time: " + err()).isTrue();
      return process.exitValue();
    }

    /** Every port it has told of. */
    Set<Integer> ports() {
      Set<Integer> ports = new HashSet<>();
      Matcher matcher = PORT.matcher(err());
      while (matcher.find()) {
        ports.add(Integer.parseInt(matcher.group(1) != null ? matcher.group(1) : matcher.group(2)));
      }
      return ports;
    }
  }
}
