package dev.millrace.servers;

import dev.millrace.servers.child.WatchedMain;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A real schema registry (Apicurio, through its Confluent-compatible interface) on loopback.
 *
 * <p>Schemas and their ids live in a file and outlive {@link #kill} and {@link #restart}. The
 * global compatibility level is BACKWARD, as Confluent's is.
 */
public final class LocalRegistry extends LocalServer {

  static final String NAME = "registry";

  private static final String PATH = "/apis/ccompat/v7";
  private static final int HTTP_TIMEOUT_MILLIS = 2_000;

  private final int port;

  private LocalRegistry(int port, Path log, PrivateDirectory directory, ServerProcess process) {
    super(NAME, log, directory, process);
    this.port = port;
  }

  /** What can be said about a registry. */
  public static ServerOptions options() {
    return ServerOptions.REGISTRY;
  }

  /** Starts one with default options and waits until it answers. */
  public static LocalRegistry start() {
    return start(options());
  }

  /**
   * Starts one and waits until it answers.
   *
   * @throws ServerStartException if it does not; nothing is left behind then
   */
  public static LocalRegistry start(ServerOptions options) {
    return start(
        options,
        options.home().map(ServerHome::new).orElseGet(ServerHome::locate),
        StartListener.SILENT);
  }

  static LocalRegistry start(ServerOptions options, ServerHome home, StartListener listener) {
    List<Path> classPath = List.of(home.registryJar(), ServerHome.codeSource(WatchedMain.class));
    LoopbackPorts ports = new LoopbackPorts(new Random());
    int port = ports.freeOr(options.port(), NAME);
    int managementPort = ports.free();
    return Launch.of(
        NAME,
        options.logDirectory(),
        listener,
        (directory, log) -> {
          Map<String, String> properties =
              properties(directory.path().resolve("schemas"), port, managementPort);
          properties.putAll(options.properties());
          ServerProcess process =
              new ServerProcess(
                  NAME,
                  command(classPath, options.heapMegabytes(), properties),
                  directory,
                  log,
                  () -> isReady(port),
                  options.patience(),
                  System::nanoTime);
          return new LocalRegistry(port, log, directory, process);
        });
  }

  /** The base address a Confluent client is given. */
  public String url() {
    return url(port);
  }

  @Override
  public String address() {
    return url();
  }

  /** The port clients connect to. */
  public int port() {
    return port;
  }

  private static String url(int port) {
    return "http://" + LoopbackPorts.address() + ":" + port + PATH;
  }

  private static JavaCommand command(
      List<Path> classPath, int heapMegabytes, Map<String, String> properties) {
    return new JavaCommand(
        List.of(
            "-Xmx" + heapMegabytes + "m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow"),
        properties,
        classPath,
        WatchedMain.class.getName(),
        List.of("io.quarkus.bootstrap.runner.QuarkusEntryPoint"));
  }

  private static Map<String, String> properties(Path database, int port, int managementPort) {
    String host = LoopbackPorts.address();
    Map<String, String> all = new HashMap<>();
    all.put("quarkus.http.host", host);
    all.put("quarkus.http.port", Integer.toString(port));
    // The default is every interface, port 9000.
    all.put("quarkus.management.host", host);
    all.put("quarkus.management.port", Integer.toString(managementPort));
    all.put("quarkus.http.access-log.enabled", "false");
    all.put("quarkus.banner.enabled", "false");
    all.put("quarkus.log.level", "WARN");
    // The default is NONE.
    all.put("apicurio.rules.global.compatibility", "BACKWARD");
    // The default is in memory: a restart would lose all schemas and give their ids to others.
    // Without the write delay of 0 a commit is on its way to the file for half a second, and a
    // crash in
    // that time loses a schema whose id was already given out.
    all.put(
        "apicurio.datasource.url",
        "jdbc:h2:file:" + database + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0");
    all.put("apicurio.datasource.jdbc.initial-size", "2");
    all.put("apicurio.datasource.jdbc.min-size", "2");
    all.put("apicurio.datasource.jdbc.max-size", "10");
    return all;
  }

  private static boolean isReady(int port) {
    if (!LoopbackPorts.isServed(port, Duration.ofMillis(500))) {
      return false;
    }
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create(url(port) + "/subjects").toURL().openConnection();
      try {
        connection.setConnectTimeout(HTTP_TIMEOUT_MILLIS);
        connection.setReadTimeout(HTTP_TIMEOUT_MILLIS);
        return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      return false;
    }
  }
}
