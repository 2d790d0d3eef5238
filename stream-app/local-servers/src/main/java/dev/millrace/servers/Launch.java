package dev.millrace.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The start of a server, the same for each: directory, log, process, and nothing left if it fails.
 */
final class Launch {

  private Launch() {}

  /** Makes a server that is not started yet. */
  interface Maker<S extends LocalServer> {
    S make(PrivateDirectory directory, Path log);
  }

  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  static <S extends LocalServer> S of(
      String name, Optional<Path> logDirectory, StartListener listener, Maker<S> maker) {
    long begin = System.nanoTime();
    PrivateDirectory directory = PrivateDirectory.create(temporaryDirectory());
    try {
      S server = maker.make(directory, log(name, logDirectory.orElse(directory.path())));
      listener.onStarting(name, server.log());
      server.launch();
      try {
        listener.onReady(name, server.address(), Duration.ofNanos(System.nanoTime() - begin));
      } catch (RuntimeException e) {
        server.kill();
        throw e;
      }
      return server;
    } catch (RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  private static Path log(String name, Path directory) {
    try {
      return Files.createDirectories(directory).toRealPath().resolve(name + ".log");
    } catch (IOException e) {
      throw new ServerStartException(
          "cannot start the " + name + ": no log can be written to " + directory, e);
    }
  }

  private static Path temporaryDirectory() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }
}
