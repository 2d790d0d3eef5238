package dev.millrace.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerHomeTest {

  @TempDir private Path temporary;

  @Test
  void shouldPreferTheProperty() {
    ServerHome home = ServerHome.locate(temporary.toString(), "project", Path.of("code.jar"));

    assertThat(home.directory()).isEqualTo(temporary);
  }

  @Test
  void shouldFindTheTargetOfTheLaunchersProject() throws IOException {
    Path target = Files.createDirectories(temporary.resolve("stream-app/local-servers/target"));

    ServerHome home = ServerHome.locate(null, temporary.toString(), Path.of("lib/code.jar"));

    assertThat(home.directory()).isEqualTo(target);
  }

  @Test
  void shouldFallBackToWhereTheClassLies() {
    Path target = temporary.resolve("target");

    assertThat(ServerHome.locate(null, null, target.resolve("classes")).directory())
        .isEqualTo(target);
    assertThat(ServerHome.locate(null, "no-such-project", target.resolve("x.jar")).directory())
        .isEqualTo(target);
  }

  @Test
  void shouldSayHowToGetMissingPrograms() throws IOException {
    ServerHome home = new ServerHome(temporary);

    assertThatThrownBy(home::brokerClassPath)
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("cannot start the broker")
        .hasMessageContaining(temporary.resolve("broker").toString())
        .hasMessageContaining("mvn -q package -DskipTests -pl stream-app/local-servers -am");
    assertThatThrownBy(home::registryJar)
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("cannot start the registry")
        .hasMessageContaining("quarkus-run.jar")
        .hasMessageContaining("mvn -q package");
    Files.createDirectory(temporary.resolve("broker"));
    assertThatThrownBy(home::brokerClassPath).hasMessageContaining("mvn -q package");
  }

  @Test
  void shouldListTheBrokersJarsInOrder() throws IOException {
    Path broker = Files.createDirectory(temporary.resolve("broker"));
    for (String name : new String[] {"b.jar", "a.jar", "readme.txt"}) {
      Files.createFile(broker.resolve(name));
    }

    assertThat(new ServerHome(temporary).brokerClassPath())
        .containsExactly(broker.resolve("a.jar"), broker.resolve("b.jar"));
  }

  @Test
  void shouldLeaveNothingWhenTheBrokersJarsAreBroken() throws IOException {
    ServerHome broken = new ServerHome(Fixtures.fakeHome());

    assertThatThrownBy(() ->
            LocalBroker.start(
                ServerOptions.BROKER.withLogDirectory(temporary), broken, StartListener.SILENT))
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("exit code 1")
        .hasMessageContaining("NoClassDefFoundError");
    assertThat(temporary.resolve("broker.log")).isNotEmptyFile();
  }
}
