package dev.millrace.it;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;

/**
 * A broker, a registry and Millrace's image, each in a container, on one network of their own.
 * Nothing is pulled: {@code integration-tests/containers/build} makes all three. Used by one
 * thread.
 */
final class Containers implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int BROKER_OUTSIDE = 19092;
  private static final int REGISTRY = 8080;
  private static final int HEALTH = 9464;

  /** Neither the image's own nor one that has a name anywhere. */
  private static final String USER = "747474:0";

  /** By it a script that gives up removes what is left. */
  private static final String LABEL = "dev.millrace.it";

  private static final String RUN =
      Optional.ofNullable(System.getenv("CONTAINERS_TEST_RUN")).orElse("by-hand");

  private final String volume = "millrace-it-" + System.nanoTime();
  private final Network network = Network.newNetwork();
  private final GenericContainer<?> broker;
  private final GenericContainer<?> registry;
  private final int brokerPort;
  private final GenericContainer<?> application;

  Containers(String version) throws IOException {
    brokerPort = freePort();
    broker = server("broker", version);
    broker
        .withCopyToContainer(Transferable.of(brokerProperties()), "/etc/broker.properties")
        .withCreateContainerCmdModifier(command -> {
          command.withStdinOpen(true);
          hostConfig(command.getHostConfig())
              .withPortBindings(
                  PortBinding.parse("127.0.0.1:" + brokerPort + ":" + BROKER_OUTSIDE));
        })
        .withExposedPorts(BROKER_OUTSIDE)
        .waitingFor(new Answers());
    registry = server("registry", version);
    registry
        .withExposedPorts(REGISTRY)
        .waitingFor(Wait.forHttp("/apis/ccompat/v7/subjects").forPort(REGISTRY));
    application = new GenericContainer<>("localhost/millrace:" + version);
  }

  /** Why nothing can be tested here, or nothing. */
  static Optional<String> missing(String version) {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      return Optional.of("no container engine answers (DOCKER_HOST)");
    }
    DockerClient client = DockerClientFactory.instance().client();
    for (String name : List.of("millrace", "millrace-test-broker", "millrace-test-registry")) {
      try {
        client.inspectImageCmd("localhost/" + name + ":" + version).exec();
      } catch (NotFoundException e) {
        return Optional.of(
            "no image " + name + ":" + version + "; integration-tests/containers/build makes it");
      }
    }
    return Optional.empty();
  }

  private GenericContainer<?> server(String name, String version) {
    return new GenericContainer<>("localhost/millrace-test-" + name + ":" + version)
        .withImagePullPolicy(image -> false)
        .withNetwork(network)
        .withNetworkAliases(name)
        .withLabel(LABEL, RUN)
        .withStartupTimeout(PATIENCE);
  }

  /** Until the broker answers; its image has no shell to look from inside. */
  private final class Answers extends AbstractWaitStrategy {
    @Override
    protected void waitUntilReady() {
      Map<String, Object> settings =
          Map.of(
              "bootstrap.servers",
              bootstrapServers(),
              "default.api.timeout.ms",
              (int) PATIENCE.toMillis());
      try (Admin admin = Admin.create(settings)) {
        admin.describeCluster().nodes().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for the broker", e);
      } catch (ExecutionException | TimeoutException e) {
        throw new IllegalStateException("the broker does not answer", e);
      }
    }
  }

  private static HostConfig hostConfig(HostConfig given) {
    return given == null ? HostConfig.newHostConfig() : given;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private String brokerProperties() {
    return """
    process.roles=broker,controller
    node.id=1
    controller.listener.names=CONTROLLER
    controller.quorum.voters=1@localhost:9093
    listeners=INSIDE://:9092,OUTSIDE://:19092,CONTROLLER://localhost:9093
    advertised.listeners=INSIDE://broker:9092,OUTSIDE://127.0.0.1:%s
    listener.security.protocol.map=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
    inter.broker.listener.name=INSIDE
    log.dirs=/tmp/data
    offsets.topic.replication.factor=1
    offsets.topic.num.partitions=4
    transaction.state.log.replication.factor=1
    transaction.state.log.min.isr=1
    transaction.state.log.num.partitions=4
    transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
    default.replication.factor=1
    auto.create.topics.enable=false
    group.initial.rebalance.delay.ms=0
    log.cleaner.dedupe.buffer.size=16777216
    """
        .formatted(Integer.toString(brokerPort));
  }

  /** Starts the servers and waits for them. */
  void startServers() {
    broker.start();
    registry.start();
  }

  /** Where a program on this machine finds the broker. */
  String bootstrapServers() {
    return "127.0.0.1:" + brokerPort;
  }

  /** Where a program on this machine finds the registry. */
  String registryUrl() {
    return "http://127.0.0.1:" + registry.getMappedPort(REGISTRY) + "/apis/ccompat/v7";
  }

  /**
   * Starts the application as the manifests would: a user that is only a number, a root that cannot
   * be written, no capabilities, two places to write. Waits until it is ready.
   *
   * @param files to copy in, by their places
   */
  void startApplication(Map<String, Path> files, String... arguments) throws IOException {
    application
        .withImagePullPolicy(image -> false)
        .withNetwork(network)
        .withLabel(LABEL, RUN)
        .withEnv("JDK_JAVA_OPTIONS", "-Xmx512m")
        .withCommand(arguments)
        .withExposedPorts(HEALTH)
        .withTmpFs(Map.of("/tmp", "rw,exec,mode=1777"))
        .withCreateContainerCmdModifier(command -> {
          command.withUser(USER);
          hostConfig(command.getHostConfig())
              .withReadonlyRootfs(true)
              .withCapDrop(Capability.ALL)
              .withSecurityOpts(List.of("no-new-privileges"))
              .withBinds(new Bind(volume, new Volume("/var/lib/millrace")));
        })
        .waitingFor(Wait.forHttp("/health/ready").forPort(HEALTH))
        .withStartupTimeout(PATIENCE);
    for (var file : files.entrySet()) {
      byte[] bytes = Files.readString(file.getValue()).getBytes(StandardCharsets.UTF_8);
      application.withCopyToContainer(Transferable.of(bytes), file.getKey());
    }
    application.start();
  }

  boolean isRunning() {
    return Boolean.TRUE.equals(application.getCurrentContainerInfo().getState().getRunning());
  }

  /** {@code kill -9}. */
  void kill() {
    client().killContainerCmd(application.getContainerId()).exec();
    await(() -> !isRunning());
  }

  /** Starts the same container once more. */
  void startAgain() {
    client().startContainerCmd(application.getContainerId()).exec();
  }

  /** Freezes the application's processes. */
  void pause() {
    client().pauseContainerCmd(application.getContainerId()).exec();
  }

  /** Thaws them. */
  void unpause() {
    client().unpauseContainerCmd(application.getContainerId()).exec();
  }

  /** SIGTERM; gives the exit code. */
  long stop() {
    client()
        .stopContainerCmd(application.getContainerId())
        .withTimeout((int) PATIENCE.toSeconds())
        .exec();
    await(() -> !isRunning());
    Long code = application.getCurrentContainerInfo().getState().getExitCodeLong();
    return code == null ? -1 : code;
  }

  /** What the application said. */
  String log() {
    return application.getContainerId() == null ? "" : application.getLogs();
  }

  private static void await(BooleanSupplier done) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("a container is as it was after " + PATIENCE);
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }
  }

  private static DockerClient client() {
    return DockerClientFactory.instance().client();
  }

  /** Removes everything: there is nothing else that would. */
  @Override
  public void close() {
    application.stop();
    registry.stop();
    broker.stop();
    network.close();
    try {
      client().removeVolumeCmd(volume).exec();
    } catch (NotFoundException e) {
      // The application was never started.
    }
  }
}
