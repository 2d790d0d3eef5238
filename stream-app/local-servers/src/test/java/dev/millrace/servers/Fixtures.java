package dev.millrace.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** What several tests of this package need. */
final class Fixtures {

  static final Patience SHORT = new Patience(Duration.ofSeconds(20), Duration.ofMillis(500));

  private Fixtures() {}

  /** A directory that looks as if the build had been there. */
  static Path fakeHome() throws IOException {
    Path home = Files.createTempDirectory("home");
    Files.createDirectories(home.resolve("broker"));
    Files.createFile(home.resolve("broker").resolve("broker.jar"));
    Files.createDirectories(home.resolve("registry"));
    Files.createFile(home.resolve("registry").resolve("quarkus-run.jar"));
    return home;
  }

  /** Runs one of this module's test programs. */
  static JavaCommand program(Class<?> main, String... arguments) {
    return new JavaCommand(
        List.of("-Xmx32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"),
        Map.of(),
        List.of(
            ServerHome.codeSource(main),
            ServerHome.codeSource(LocalServer.class),
            ServerHome.codeSource(org.slf4j.Logger.class)),
        main.getName(),
        List.of(arguments));
  }

  static void await(String what, Duration atMost, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + atMost + ": " + what);
      }
      Thread.sleep(20);
    }
  }
}
