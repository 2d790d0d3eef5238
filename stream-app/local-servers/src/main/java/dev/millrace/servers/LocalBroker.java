package dev.millrace.servers;

import dev.millrace.servers.child.BrokerMain;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.Uuid;

/** A real single-node Kafka broker (KRaft: broker and controller in one process) on loopback. */
public final class LocalBroker extends LocalServer {

  static final String NAME = "broker";

  private static final int ADMIN_TIMEOUT_MILLIS = 2_000;

  private final int port;
  private final int portBehindProxy;

  private LocalBroker(
      int port, int portBehindProxy, Path log, PrivateDirectory directory, ServerProcess process) {
    super(NAME, log, directory, process);
    this.port = port;
    this.portBehindProxy = portBehindProxy;
  }

  /** What can be said about a broker. */
  public static ServerOptions options() {
    return ServerOptions.BROKER;
  }

  /** Starts one with default options and waits until it answers. */
  public static LocalBroker start() {
    return start(options());
  }

  /**
   * Starts one and waits until it answers.
   *
   * @throws ServerStartException if it does not; nothing is left behind then
   */
  public static LocalBroker start(ServerOptions options) {
    return start(
        options,
        options.home().map(ServerHome::new).orElseGet(ServerHome::locate),
        StartListener.SILENT);
  }

  static LocalBroker start(ServerOptions options, ServerHome home, StartListener listener) {
    List<Path> classPath = new ArrayList<>(home.brokerClassPath());
    classPath.add(ServerHome.codeSource(BrokerMain.class));
    LoopbackPorts ports = new LoopbackPorts(new Random());
    int port = ports.freeOr(options.port(), NAME);
    int controllerPort = ports.free();
    int portBehindProxy = options.proxyPort() == 0 ? 0 : ports.free();
    return Launch.of(
        NAME,
        options.logDirectory(),
        listener,
        (directory, log) -> {
          Path properties = directory.path().resolve("server.properties");
          Map<String, String> all = properties(directory.path(), port, controllerPort);
          if (portBehindProxy != 0) {
            addListener(all, portBehindProxy, options.proxyPort());
          }
          all.putAll(options.properties());
          write(properties, all);
          ServerProcess process =
              new ServerProcess(
                  NAME,
                  command(classPath, options.heapMegabytes(), properties),
                  directory,
                  log,
                  () -> isReady(port),
                  options.patience(),
                  System::nanoTime);
          return new LocalBroker(port, portBehindProxy, log, directory, process);
        });
  }

  /** What clients name as {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return LoopbackPorts.address() + ":" + port;
  }

  @Override
  public String address() {
    return bootstrapServers();
  }

  /** The port clients connect to. */
  public int port() {
    return port;
  }

  /** Where the proxy of {@link ServerOptions#withProxy} forwards to; 0 if there is none. */
  public int portBehindProxy() {
    return portBehindProxy;
  }

  private static JavaCommand command(List<Path> classPath, int heapMegabytes, Path properties) {
    return new JavaCommand(
        List.of(
            "-Xms96m",
            "-Xmx" + heapMegabytes + "m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow"),
        Map.of(
            "org.slf4j.simpleLogger.defaultLogLevel", "warn",
            "org.slf4j.simpleLogger.showDateTime", "true",
            "org.slf4j.simpleLogger.dateTimeFormat", "HH:mm:ss.SSS"),
        classPath,
        BrokerMain.class.getName(),
        List.of(properties.toString(), Uuid.randomUuid().toString()));
  }

  private static Map<String, String> properties(Path directory, int port, int controllerPort) {
    String host = LoopbackPorts.address();
    Map<String, String> all = singleNode();
    all.put("controller.quorum.voters", "1@" + host + ":" + controllerPort);
    all.put(
        "listeners",
        String.format(
            Locale.ROOT, "PLAINTEXT://%s:%d,CONTROLLER://%s:%d", host, port, host, controllerPort));
    all.put("advertised.listeners", "PLAINTEXT://" + host + ":" + port);
    all.put("log.dirs", directory.resolve("data").toString());
    return all;
  }

  /** The broker itself goes on using the first one: its own requests do not pass the proxy. */
  private static void addListener(Map<String, String> all, int port, int advertisedPort) {
    String name = ",PROXIED://" + LoopbackPorts.address() + ":";
    all.merge("listeners", name + port, String::concat);
    all.merge("advertised.listeners", name + advertisedPort, String::concat);
    all.merge("listener.security.protocol.map", ",PROXIED:PLAINTEXT", String::concat);
  }

  /**
   * A single node that does transactions, forgets its own crash quickly, and starts and rebalances
   * without waiting for company. Without addresses and directories.
   */
  private static Map<String, String> singleNode() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("process.roles", "broker,controller");
    all.put("node.id", "1");
    all.put("controller.listener.names", "CONTROLLER");
    all.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    all.put("inter.broker.listener.name", "PLAINTEXT");
    all.put("offsets.topic.replication.factor", "1");
    all.put("offsets.topic.num.partitions", "4");
    all.put("transaction.state.log.replication.factor", "1");
    all.put("transaction.state.log.min.isr", "1");
    all.put("transaction.state.log.num.partitions", "4");
    all.put("share.coordinator.state.topic.replication.factor", "1");
    all.put("share.coordinator.state.topic.min.isr", "1");
    all.put("share.coordinator.state.topic.num.partitions", "2");
    all.put("default.replication.factor", "1");
    all.put("min.insync.replicas", "1");
    all.put("auto.create.topics.enable", "false");
    all.put("group.initial.rebalance.delay.ms", "0");
    all.put("log.cleaner.dedupe.buffer.size", "16777216");
    all.put("num.network.threads", "2");
    all.put("num.io.threads", "4");
    // After a crash the controller first waits for the dead broker's session to run out: 9 s by
    // default.
    all.put("broker.session.timeout.ms", "2000");
    all.put("broker.heartbeat.interval.ms", "500");
    // The streams group protocol: its default session is 45 s, too long for a kill test.
    all.put("group.streams.min.session.timeout.ms", "3000");
    all.put("group.streams.session.timeout.ms", "6000");
    all.put("group.streams.min.heartbeat.interval.ms", "500");
    all.put("group.streams.heartbeat.interval.ms", "1000");
    all.put("group.streams.initial.rebalance.delay.ms", "0");
    all.put("group.streams.assignment.interval.ms", "0");
    return all;
  }

  private static void write(Path file, Map<String, String> values) {
    Properties properties = new Properties();
    properties.putAll(values);
    // A stream, for Kafka reads ISO 8859-1 with escapes: so is what this writes.
    try (OutputStream out = Files.newOutputStream(file)) {
      properties.store(out, null);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  /** First the port, for a client that finds nobody there fills the log with complaints. */
  private static boolean isReady(int port) {
    if (!LoopbackPorts.isServed(port, Duration.ofMillis(500))) {
      return false;
    }
    Map<String, Object> config =
        Map.of(
            AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
            LoopbackPorts.address() + ":" + port,
            AdminClientConfig.CLIENT_ID_CONFIG,
            "readiness",
            AdminClientConfig.RECONNECT_BACKOFF_MS_CONFIG,
            20,
            AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
            100,
            AdminClientConfig.RETRY_BACKOFF_MS_CONFIG,
            20,
            AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
            ADMIN_TIMEOUT_MILLIS,
            AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
            ADMIN_TIMEOUT_MILLIS);
    Admin admin = Admin.create(config);
    try {
      DescribeClusterOptions once = new DescribeClusterOptions().timeoutMs(ADMIN_TIMEOUT_MILLIS);
      return !admin
          .describeCluster(once)
          .nodes()
          .get(ADMIN_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
          .isEmpty();
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      // Seen by the caller's next wait.
      Thread.currentThread().interrupt();
      return false;
    } finally {
      admin.close(Duration.ZERO);
    }
  }
}
