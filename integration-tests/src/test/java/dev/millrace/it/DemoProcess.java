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

/**
 * A command in a process of its own with the launcher's class path, and what it has said so far.
 */
final class DemoProcess {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PORT = Pattern.compile("127\\.0\\.0\\.1:(\\d+)|on port (\\d+)");

  private final Process process;
  private final Path out;
  private final Path err;
  private final Path temporary;

  private DemoProcess(List<String> command, Path directory, Path temporary) throws IOException {
    this.out = directory.resolve("out");
    this.err = directory.resolve("err");
    this.temporary = temporary;
    this.process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
  }

  /**
   * Starts a command of the program.
   *
   * @param directory the test's own
   * @param module of the stream application whose class path is taken
   */
  static DemoProcess start(Path directory, String module, String... arguments) throws IOException {
    Path root = StreamHarness.root();
    Path target = root.resolve("stream-app/" + module + "/target");
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
    return new DemoProcess(command, directory, temporary);
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
    await(text + " in " + err, 180, () -> !process.isAlive() || err().contains(text));
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

  /** Neither these children of its, nor a port that it told of, nor a file. */
  void assertNothingLeft(List<ProcessHandle> children) throws Exception {
    for (ProcessHandle child : children) {
      await("process " + child.pid() + " has ended", 90, () -> !child.isAlive());
    }
    Set<Integer> ports = ports();
    assertThat(ports).as("ports the demo told of").isNotEmpty();
    assertThat(ports).noneMatch(DemoProcess::isServed);
    try (Stream<Path> left = Files.list(temporary)) {
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

  /** What {@code enrich} says of the demo's first documents. */
  static List<String> enrichedBackwards(Path directory, int count) throws Exception {
    Path bundle = StreamHarness.root().resolve("stream-app/cli-demo/src/main/resources");
    List<String> documents =
        Files.readAllLines(bundle.resolve("dev/millrace/cli/demo/documents.jsonl"));
    Path input = directory.resolve("documents.jsonl");
    Files.createDirectories(directory);
    Files.write(input, documents.subList(0, count).reversed());
    DemoProcess enrich =
        start(directory, "cli", "enrich", "--input", input.toString(), "--output", "-");
    assertThat(enrich.exitCode()).as(enrich.err()).isZero();
    return enrich.out().lines().toList();
  }

  /** Outcomes by id, whole but for what a run measures. */
  static Map<String, String> withoutMeasurements(List<String> lines) throws IOException {
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

  /** Ends it and its children, if they are still there. */
  void destroy() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
