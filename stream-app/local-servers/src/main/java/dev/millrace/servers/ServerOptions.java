package dev.millrace.servers;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What can be said about a {@link LocalBroker} or a {@link LocalRegistry}.
 *
 * @param port for clients; 0 for any free one
 * @param heapMegabytes largest heap of its JVM; 128 to 65536
 * @param properties properties of Kafka, or of Apicurio and Quarkus, on top of ours; they win
 * @param logDirectory where its log goes and stays; empty: into its private directory, deleted on
 *     close
 * @param patience how long to wait for it
 * @param proxyPort a broker only: the port of a proxy before a second listener; 0 for none
 * @param home where its program lies, in {@code broker/} or {@code registry/}; empty: the one that
 *     this build has
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType")
public record ServerOptions(
    int port,
    int heapMegabytes,
    Map<String, String> properties,
    Optional<Path> logDirectory,
    Patience patience,
    int proxyPort,
    Optional<Path> home) {

  /** For a broker: any port, 384 MB, nothing special. */
  public static final ServerOptions BROKER =
      new ServerOptions(0, 384, Map.of(), Optional.empty(), Patience.DEFAULT, 0, Optional.empty());

  /** For a registry: any port, 256 MB, nothing special. */
  public static final ServerOptions REGISTRY =
      new ServerOptions(0, 256, Map.of(), Optional.empty(), Patience.DEFAULT, 0, Optional.empty());

  /** Refuses impossible ports and heaps too small to start in. */
  public ServerOptions {
    Limits.port(port);
    Limits.port(proxyPort);
    Limits.heap(heapMegabytes);
    properties = Map.copyOf(properties);
  }

  /** The same on another port. */
  public ServerOptions withPort(int other) {
    return new ServerOptions(
        other, heapMegabytes, properties, logDirectory, patience, proxyPort, home);
  }

  /** The same with one property more. */
  public ServerOptions with(String key, String value) {
    Map<String, String> more = new LinkedHashMap<>(properties);
    more.put(key, value);
    return new ServerOptions(port, heapMegabytes, more, logDirectory, patience, proxyPort, home);
  }

  /** The same with its log in a directory that outlives it. */
  public ServerOptions withLogDirectory(Path directory) {
    return new ServerOptions(
        port, heapMegabytes, properties, Optional.of(directory), patience, proxyPort, home);
  }

  /** The same with other waits. */
  public ServerOptions withPatience(Patience other) {
    return new ServerOptions(port, heapMegabytes, properties, logDirectory, other, proxyPort, home);
  }

  /**
   * The same with a second listener that clients are told to reach at another port: that of a
   * proxy, which forwards to {@link LocalBroker#portBehindProxy}.
   */
  public ServerOptions withProxy(int portOfProxy) {
    return new ServerOptions(
        port, heapMegabytes, properties, logDirectory, patience, portOfProxy, home);
  }

  /** The same with a program of another place, such as another version. */
  public ServerOptions withHome(Path directory) {
    return new ServerOptions(
        port, heapMegabytes, properties, logDirectory, patience, proxyPort, Optional.of(directory));
  }
}
