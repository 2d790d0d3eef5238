package dev.millrace.servers;

import java.nio.file.Files;
import java.nio.file.Path;

/** Stands in for a server: a process that does what its argument says. */
final class FakeServer {

  private FakeServer() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "exit" -> {
        System.err.println("fake server: no such thing as port " + arguments[1]);
        System.exit(Integer.parseInt(arguments[1]));
      }
      case "silent" -> Thread.sleep(60_000);
      case "ready" -> {
        Files.writeString(Path.of(arguments[1]), "ready");
        Thread.sleep(60_000);
      }
      case "stubborn" -> {
        Runtime.getRuntime().addShutdownHook(new Thread(FakeServer::sleepOn));
        Files.writeString(Path.of(arguments[1]), "ready");
        Thread.sleep(60_000);
      }
      case "own" -> {
        // Owns a private directory and, in it, a server that never ends by itself.
        PrivateDirectory directory = PrivateDirectory.create(Path.of(arguments[1]));
        Process server =
            Fixtures.program(FakeServer.class, "silent")
                .prepare("fake", directory.path(), directory.path().resolve("fake.log"))
                .start();
        directory.remember("fake", server.pid());
        Path report = Path.of(arguments[2]);
        Files.writeString(Path.of(report + ".new"), directory.path() + "\n" + server.pid());
        Files.move(Path.of(report + ".new"), report);
        Thread.sleep(60_000);
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void sleepOn() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
