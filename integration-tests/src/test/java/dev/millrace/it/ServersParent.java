package dev.millrace.it;

import dev.millrace.servers.LocalServer;
import dev.millrace.servers.LocalServers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/** A process that starts both servers, reports them, and comes to a bad end. */
final class ServersParent {

  private ServersParent() {}

  /** Arguments: how to go on, and the file to report to. */
  public static void main(String[] arguments) throws Exception {
    LocalServers servers = LocalServers.start();
    Path report = Path.of(arguments[1]);
    switch (arguments[0]) {
      case "paused" -> {
        servers.broker().pause();
        servers.registry().pause();
      }
      case "hooked" ->
          Runtime.getRuntime()
              .addShutdownHook(
                  new Thread(
                      () -> write(Path.of(report + ".nodes"), "" + nodes(servers)), "finish"));
      case "exit", "sleep" -> {}
      default -> throw new IllegalArgumentException(arguments[0]);
    }
    write(report, line(servers.broker()) + line(servers.registry()));
    if (!arguments[0].equals("exit")) {
      Thread.sleep(120_000);
    }
    System.exit(0);
  }

  private static String line(LocalServer server) {
    return server.pid() + " " + server.log().getParent() + "\n";
  }

  /** What an application does at its end: it still needs the broker. */
  private static int nodes(LocalServers servers) {
    Map<String, Object> config = Map.of("bootstrap.servers", servers.broker().bootstrapServers());
    try (Admin admin = Admin.create(config)) {
      return admin.describeCluster().nodes().get(60, TimeUnit.SECONDS).size();
    } catch (Exception e) {
      return -1;
    }
  }

  private static void write(Path file, String text) {
    try {
      Path draft = Path.of(file + ".draft");
      Files.writeString(draft, text);
      Files.move(draft, file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
