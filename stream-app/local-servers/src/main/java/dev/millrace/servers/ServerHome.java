package dev.millrace.servers;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the servers' programs lie: {@code broker/*.jar} and {@code registry/quarkus-run.jar}, put
 * there by this module's build. Immutable.
 *
 * @param directory the directory with both
 */
record ServerHome(Path directory) {

  /** Names the directory if it is not this module's own {@code target}. */
  static final String PROPERTY = "millrace.servers.home";

  /** Names the root of the project or of a release; the launcher sets it. */
  static final String PROJECT_PROPERTY = "millrace.home";

  private static final String HINT =
      "; build it with `mvn -q package -DskipTests -pl stream-app/local-servers -am`, or name"
          + " the directory in the system property "
          + PROPERTY;

  /**
   * The directory named by the system property; else this module's {@code target} in the project
   * the launcher names, or {@code servers} in a release; else the directory this class was built
   * into.
   */
  static ServerHome locate() {
    return locate(
        System.getProperty(PROPERTY),
        System.getProperty(PROJECT_PROPERTY),
        codeSource(ServerHome.class));
  }

  static ServerHome locate(@Nullable String home, @Nullable String project, Path code) {
    if (home != null) {
      return new ServerHome(Path.of(home).toAbsolutePath().normalize());
    }
    if (project != null) {
      Path released = Path.of(project, "servers").toAbsolutePath();
      if (Files.isDirectory(released)) {
        return new ServerHome(released.normalize());
      }
      Path target = Path.of(project, "stream-app", "local-servers", "target").toAbsolutePath();
      if (Files.isDirectory(target)) {
        return new ServerHome(target.normalize());
      }
    }
    Path parent = code.toAbsolutePath().normalize().getParent();
    return new ServerHome(parent == null ? code : parent);
  }

  /** The jar or the directory a class was loaded from. */
  static Path codeSource(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null) {
      throw new IllegalStateException(type.getName() + " was loaded from nowhere on disk");
    }
    try {
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(
          type.getName() + " was loaded from a place without a path", e);
    }
  }

  /** The broker's jars, in a fixed order. */
  List<Path> brokerClassPath() {
    Path broker = directory.resolve("broker");
    if (!Files.isDirectory(broker)) {
      throw missing("broker", broker);
    }
    try (Stream<Path> files = Files.list(broker)) {
      List<Path> jars = files.filter(f -> f.toString().endsWith(".jar")).sorted().toList();
      if (jars.isEmpty()) {
        throw missing("broker", broker.resolve("*.jar"));
      }
      return jars;
    } catch (IOException e) {
      throw new ServerStartException("cannot start the broker: cannot list " + broker, e);
    }
  }

  /** The registry's runnable jar; the rest is found from there. */
  Path registryJar() {
    Path jar = directory.resolve("registry").resolve("quarkus-run.jar");
    if (!Files.isRegularFile(jar)) {
      throw missing("registry", jar);
    }
    return jar;
  }

  private static ServerStartException missing(String server, Path what) {
    return new ServerStartException(
        "cannot start the " + server + ": its program is missing, expected " + what + HINT);
  }
}
