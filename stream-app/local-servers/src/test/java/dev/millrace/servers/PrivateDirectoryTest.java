package dev.millrace.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateDirectoryTest {

  @TempDir private Path parent;
  @TempDir private Path elsewhere;

  @Test
  void shouldBeReadableByItsOwnerOnlyAndGoOnClose() throws IOException {
    PrivateDirectory directory = PrivateDirectory.create(parent);
    Files.createDirectories(directory.path().resolve("a/b"));
    Files.writeString(directory.path().resolve("a/b/c"), "x");

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())))
        .isEqualTo("rwx------");
    directory.close();

    assertThat(directory.path()).doesNotExist();
  }

  @Test
  void shouldNotFollowLinksWhenDeleting() throws IOException {
    Path precious = Files.writeString(elsewhere.resolve("precious"), "x");
    PrivateDirectory directory = PrivateDirectory.create(parent);
    Files.createSymbolicLink(directory.path().resolve("link"), elsewhere);

    directory.close();

    assertThat(directory.path()).doesNotExist();
    assertThat(precious).exists();
  }

  @Test
  void shouldGoWithItsServerWhenTheOwnerIsKilled() throws Exception {
    Owner owner = Owner.start(parent, elsewhere);

    owner.process().destroyForcibly().waitFor();

    Fixtures.await(
        "server and directory gone",
        Duration.ofSeconds(10),
        () -> !owner.serverIsAlive() && Files.notExists(owner.directory()));
  }

  @Test
  void shouldGoWithAFrozenServerWhenTheOwnerIsKilled() throws Exception {
    Owner owner = Owner.start(parent, elsewhere);
    new ProcessBuilder("/bin/sh", "-c", "kill -STOP " + owner.server()).start().waitFor();

    owner.process().destroyForcibly().waitFor();

    Fixtures.await(
        "server and directory gone",
        Duration.ofSeconds(10),
        () -> !owner.serverIsAlive() && Files.notExists(owner.directory()));
  }

  @Test
  void shouldBeSweptByTheNextStartWhenTheGuardIsKilledToo() throws Exception {
    Owner owner = Owner.start(parent, elsewhere);
    List<ProcessHandle> children = owner.process().children().toList();
    children.stream()
        .filter(c -> c.pid() != owner.server())
        .forEach(ProcessHandle::destroyForcibly);
    owner.process().destroyForcibly().waitFor();
    assertThat(owner.directory()).exists();

    PrivateDirectory.create(parent).close();

    assertThat(owner.directory()).doesNotExist();
    assertThat(owner.serverIsAlive()).isFalse();
  }

  @Test
  void shouldNotSweepWhatIsNotStale() throws IOException {
    PrivateDirectory alive = PrivateDirectory.create(parent);
    Path foreign = Files.createDirectory(parent.resolve("millrace-servers-of-somebody-else"));
    Path otherNamespace = Files.createDirectory(parent.resolve("millrace-servers-1-999999-5-x"));
    Path file = Files.createFile(parent.resolve(gone().prefix() + "file"));

    new StaleDirectories(parent).sweep();

    assertThat(List.of(alive.path(), foreign, otherNamespace, file)).allMatch(Files::exists);
    alive.close();
  }

  @Test
  void shouldNotKillAProcessThatMerelyHasTheId() throws IOException, InterruptedException {
    Process innocent = new ProcessBuilder("sleep", "60").start();
    Path stale = Files.createDirectory(parent.resolve(gone().prefix() + "x"));
    Files.writeString(stale.resolve("broker.pid"), innocent.pid() + "\n");

    new StaleDirectories(parent).sweep();

    assertThat(stale).doesNotExist();
    assertThat(innocent.isAlive()).isTrue();
    innocent.destroyForcibly().waitFor();
  }

  @Test
  void shouldSurviveAnUnreadablePidFile() throws IOException {
    Path stale = Files.createDirectory(parent.resolve(gone().prefix() + "x"));
    Files.writeString(stale.resolve("broker.pid"), "rm -rf /");

    new StaleDirectories(parent).sweep();

    assertThat(stale).doesNotExist();
  }

  @Test
  void shouldTellOwnersApart() {
    OwnerName self = OwnerName.ofThisProcess();

    assertThat(self.isGone()).isFalse();
    assertThat(OwnerName.parse(self.prefix() + "123")).contains(self);
    assertThat(OwnerName.parse("millrace-servers-1-2-x")).isEmpty();
    assertThat(OwnerName.parse("millrace-servers-1-2-99999999999999999999-x")).isEmpty();
    assertThat(gone().isGone()).isTrue();
    assertThat(new OwnerName(self.namespace() + 1, 999_999_999, 0).isGone()).isFalse();
  }

  /** This process's id, but of a process that started long ago: an id that was used before. */
  private static OwnerName gone() {
    OwnerName self = OwnerName.ofThisProcess();
    return new OwnerName(self.namespace(), self.pid(), self.startMillis() - 60_000);
  }

  private record Owner(Process process, Path directory, long server) {

    static Owner start(Path parent, Path scratch) throws Exception {
      Path report = scratch.resolve("report");
      Process process =
          Fixtures.program(FakeServer.class, "own", parent.toString(), report.toString())
              .prepare("owner", scratch, scratch.resolve("owner.log"))
              .start();
      Fixtures.await("the owner's report", Duration.ofSeconds(20), () -> Files.exists(report));
      try (Stream<String> lines = Files.lines(report)) {
        List<String> values = lines.toList();
        return new Owner(process, Path.of(values.get(0)), Long.parseLong(values.get(1)));
      }
    }

    boolean serverIsAlive() {
      return ProcessHandle.of(server).filter(ProcessHandle::isAlive).isPresent();
    }
  }
}
