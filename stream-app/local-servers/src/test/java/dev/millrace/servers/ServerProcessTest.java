package dev.millrace.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerProcessTest {

  @TempDir private Path temporary;
  private PrivateDirectory directory;
  private Path ready;

  @BeforeEach
  void createDirectory() {
    directory = PrivateDirectory.create(temporary);
    ready = directory.path().resolve("ready");
  }

  @AfterEach
  void closeDirectory() {
    directory.close();
  }

  private ServerProcess process(Patience patience, String... arguments) {
    return new ServerProcess(
        "broker",
        Fixtures.program(FakeServer.class, arguments),
        directory,
        directory.path().resolve("broker.log"),
        () -> Files.exists(ready),
        patience,
        System::nanoTime);
  }

  @Test
  void shouldQuoteTheLogOfAChildThatExitsAtOnce() {
    ServerProcess server = process(Fixtures.SHORT, "exit", "3");

    assertThatThrownBy(server::start)
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("cannot start the broker")
        .hasMessageContaining("exit code 3")
        .hasMessageContaining("  | fake server: no such thing as port 3");
    assertThat(server.isRunning()).isFalse();
    assertThat(directory.path().resolve("broker.pid")).doesNotExist();
  }

  @Test
  void shouldGiveUpOnAChildThatNeverAnswers() {
    ServerProcess server =
        process(new Patience(Duration.ofSeconds(1), Duration.ofMillis(500)), "silent");

    assertThatThrownBy(server::start)
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("did not answer within 1000 ms")
        .hasMessageContaining("its log is empty");
    assertThat(server.isRunning()).isFalse();
  }

  @Test
  void shouldNotLeaveAChildWhoseReadinessCannotBeAsked() {
    ServerProcess server =
        new ServerProcess(
            "broker",
            Fixtures.program(FakeServer.class, "silent"),
            directory,
            directory.path().resolve("broker.log"),
            () -> {
              throw new IllegalStateException("broken check");
            },
            Fixtures.SHORT,
            System::nanoTime);

    assertThatThrownBy(server::start).hasMessage("broken check");
    assertThat(server.isRunning()).isFalse();
  }

  @Test
  void shouldStopAndStartAgain() {
    ServerProcess server = process(Fixtures.SHORT, "ready", ready.toString());
    server.start();
    long first = server.pid();

    server.stop();

    assertThat(server.isRunning()).isFalse();
    assertThat(ProcessHandle.of(first).filter(ProcessHandle::isAlive)).isEmpty();
    server.start();
    assertThat(server.pid()).isNotEqualTo(first);
    server.kill();
    assertThat(server.isRunning()).isFalse();
    server.stop();
    server.kill();
  }

  @Test
  void shouldKillAChildThatDoesNotHeedSigterm() {
    ServerProcess server = process(Fixtures.SHORT, "stubborn", ready.toString());
    server.start();
    long pid = server.pid();

    server.stop();

    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
  }

  @Test
  void shouldFreezeAndStopAFrozenChild() throws Exception {
    ServerProcess server = process(Fixtures.SHORT, "ready", ready.toString());
    server.start();

    server.freeze();
    assertThat(server.isFrozen()).isTrue();
    assertThat(server.isRunning()).isTrue();
    awaitState(server.pid(), "T"::equals);
    server.unfreeze();
    assertThat(server.isFrozen()).isFalse();
    awaitState(server.pid(), state -> !state.equals("T"));
    server.freeze();
    server.stop();

    assertThat(server.isRunning()).isFalse();
  }

  @Test
  void shouldSayThatItIsNotRunning() {
    ServerProcess server = process(Fixtures.SHORT, "ready", ready.toString());

    assertThatThrownBy(server::pid).hasMessage("the broker is not running");
    assertThatThrownBy(server::freeze).hasMessage("the broker is not running");
  }

  @Test
  void shouldNotStartTwice() {
    ServerProcess server = process(Fixtures.SHORT, "ready", ready.toString());
    server.start();

    assertThatThrownBy(server::start).hasMessage("the broker is running already");
    server.kill();
  }

  @Test
  void shouldEndTheChildWhenInterrupted() throws InterruptedException {
    ServerProcess server = process(Fixtures.SHORT, "silent");
    boolean[] kept = new boolean[1];
    Thread starter =
        Thread.ofPlatform()
            .start(() -> {
              assertThatThrownBy(server::start)
                  .isInstanceOf(ServerStartException.class)
                  .hasMessageContaining("interrupted");
              kept[0] = Thread.currentThread().isInterrupted();
            });
    Path pidFile = directory.path().resolve("broker.pid");
    Fixtures.await("a child", Duration.ofSeconds(10), () -> Files.exists(pidFile));

    starter.interrupt();
    starter.join();

    assertThat(kept[0]).as("interrupt kept").isTrue();
    assertThat(server.isRunning()).isFalse();
  }

  /** Signals take effect a moment after they are sent. */
  private static void awaitState(long pid, Predicate<String> expected) throws Exception {
    for (int look = 0; look < 500 && !expected.test(state(pid)); look++) {
      Thread.sleep(10);
    }
    assertThat(state(pid)).matches(expected);
  }

  /** The kernel's letter for a process's state. */
  private static String state(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  }
}
