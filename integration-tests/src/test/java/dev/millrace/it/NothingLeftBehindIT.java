package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However a process ends that has started the servers: they end, and their files go. */
class NothingLeftBehindIT {

  @TempDir private Path temporary;
  private @Nullable Process started;

  @AfterEach
  void endParent() {
    if (started != null) {
      started.destroyForcibly();
    }
  }

  private record Server(long pid, Path directory) {
    boolean isAlive() {
      return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
    }
  }

  private record Parent(Process process, List<Server> servers) {}

  private Parent start(String mode, String... prefix) throws Exception {
    Path report = temporary.resolve("report");
    List<String> command = new ArrayList<>(List.of(prefix));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1"));
    command.addAll(StreamHarness.place());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            ServersParent.class.getName(),
            mode,
            report.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(temporary.resolve("parent.log").toFile())
            .start();
    started = process;
    await("both servers", 300, () -> Files.exists(report) || !process.isAlive());
    assertThat(report).as(Files.readString(temporary.resolve("parent.log"))).exists();
    List<Server> servers =
        Files.readAllLines(report).stream()
            .map(line -> line.split(" ", 2))
            .map(part -> new Server(Long.parseLong(part[0]), Path.of(part[1])))
            .toList();
    assertThat(servers).hasSize(2);
    return new Parent(process, servers);
  }

  @Test
  void shouldGoWhenTheParentIsKilled() throws Exception {
    Parent parent = start("sleep");
    assertThat(parent.servers()).allMatch(Server::isAlive);
    assertThat(parent.servers()).allMatch(server -> Files.isDirectory(server.directory()));

    parent.process().destroyForcibly().waitFor();

    assertNothingLeft(parent);
  }

  @Test
  void shouldGoWhenTheParentIsKilledWhileTheServersAreFrozen() throws Exception {
    Parent parent = start("paused");

    parent.process().destroyForcibly().waitFor();

    assertNothingLeft(parent);
  }

  /** Without the guards there is only what each server's own process sees. */
  @Test
  void shouldEndByThemselvesWhenTheParentAndItsGuardsAreKilled() throws Exception {
    Parent parent = start("sleep");
    List<Long> servers = parent.servers().stream().map(Server::pid).toList();
    List<ProcessHandle> guards =
        parent.process().children().filter(child -> !servers.contains(child.pid())).toList();
    assertThat(guards).hasSize(2);
    guards.forEach(ProcessHandle::destroyForcibly);

    parent.process().destroyForcibly().waitFor();

    for (Server server : parent.servers()) {
      await(server + " has ended", 90, () -> !server.isAlive());
      delete(server.directory());
    }
  }

  @Test
  void shouldGoWhenTheParentExitsWithoutClosingThem() throws Exception {
    Parent parent = start("exit");

    assertThat(parent.process().waitFor(120, TimeUnit.SECONDS)).isTrue();

    assertNothingLeft(parent);
  }

  /** Ctrl-C goes to all processes of the terminal; the application must still finish its work. */
  @Test
  void shouldOutliveCtrlCUntilTheParentHasFinished() throws Exception {
    Path setsid = Path.of("/usr/bin/setsid");
    Assumptions.assumeTrue(
        Files.isExecutable(setsid), "skipped: no setsid here to stand in for a terminal");
    Parent parent = start("hooked", setsid.toString());

    CtrlC.group(parent.process().pid());
    assertThat(parent.process().waitFor(120, TimeUnit.SECONDS)).isTrue();

    assertThat(Files.readString(temporary.resolve("report.nodes"))).isEqualTo("1");
    assertNothingLeft(parent);
  }

  private static void assertNothingLeft(Parent parent) throws InterruptedException {
    for (Server server : parent.servers()) {
      await(server + " has ended", 90, () -> !server.isAlive());
      await(server + " has left no files", 90, () -> Files.notExists(server.directory()));
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static void await(String what, int seconds, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not in time: " + what).isLessThan(deadline);
      Thread.sleep(50);
    }
  }
}
