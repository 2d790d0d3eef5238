package dev.millrace.servers;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What can be said about a {@link LocalRegistry}.
 *
 * @param port for clients; 0 for any free one
 * @param heapMegabytes largest heap of its JVM; 128 to 65536
 * @param properties Apicurio and Quarkus properties on top of ours; they win
 * @param logDirectory where its log goes and stays; empty: into its private directory, deleted on
 *     close
 * @param patience how long to wait for it
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType")
public record RegistryOptions(
    int port,
    int heapMegabytes,
    Map<String, String> properties,
    Optional<Path> logDirectory,
    Patience patience) {

  /** Any port, 256 MB, nothing special. */
  public static final RegistryOptions DEFAULT =
      new RegistryOptions(0, 256, Map.of(), Optional.empty(), Patience.DEFAULT);

  /** Refuses impossible ports and heaps too small to start in. */
  public RegistryOptions {
    Limits.port(port);
    Limits.heap(heapMegabytes);
    properties = Map.copyOf(properties);
  }

  /** The same on another port. */
  public RegistryOptions withPort(int other) {
    return new RegistryOptions(other, heapMegabytes, properties, logDirectory, patience);
  }

  /** The same with one property more. */
  public RegistryOptions with(String key, String value) {
    Map<String, String> more = new LinkedHashMap<>(properties);
    more.put(key, value);
    return new RegistryOptions(port, heapMegabytes, more, logDirectory, patience);
  }

  /** The same with its log in a directory that outlives it. */
  public RegistryOptions withLogDirectory(Path directory) {
    return new RegistryOptions(port, heapMegabytes, properties, Optional.of(directory), patience);
  }

  /** The same with other waits. */
  public RegistryOptions withPatience(Patience other) {
    return new RegistryOptions(port, heapMegabytes, properties, logDirectory, other);
  }
}
