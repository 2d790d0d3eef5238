package dev.millrace.servers;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What can be said about a {@link LocalBroker}.
 *
 * @param port for clients; 0 for any free one
 * @param heapMegabytes largest heap of its JVM; 128 to 65536
 * @param properties broker properties on top of {@link #singleNode}; they win
 * @param logDirectory where its log goes and stays; empty: into its private directory, deleted on
 *     close
 * @param patience how long to wait for it
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType")
public record BrokerOptions(
    int port,
    int heapMegabytes,
    Map<String, String> properties,
    Optional<Path> logDirectory,
    Patience patience) {

  /** Any port, 384 MB, nothing special. */
  public static final BrokerOptions DEFAULT =
      new BrokerOptions(0, 384, Map.of(), Optional.empty(), Patience.DEFAULT);

  /** Refuses impossible ports and heaps too small to start in. */
  public BrokerOptions {
    Limits.port(port);
    Limits.heap(heapMegabytes);
    properties = Map.copyOf(properties);
  }

  /** The same on another port. */
  public BrokerOptions withPort(int other) {
    return new BrokerOptions(other, heapMegabytes, properties, logDirectory, patience);
  }

  /** The same with one broker property more. */
  public BrokerOptions with(String key, String value) {
    Map<String, String> more = new LinkedHashMap<>(properties);
    more.put(key, value);
    return new BrokerOptions(port, heapMegabytes, more, logDirectory, patience);
  }

  /** The same with its log in a directory that outlives it. */
  public BrokerOptions withLogDirectory(Path directory) {
    return new BrokerOptions(port, heapMegabytes, properties, Optional.of(directory), patience);
  }

  /** The same with other waits. */
  public BrokerOptions withPatience(Patience other) {
    return new BrokerOptions(port, heapMegabytes, properties, logDirectory, other);
  }

  /**
   * A single node that does transactions, forgets its own crash quickly, and starts and rebalances
   * without waiting for company. Without addresses and directories.
   */
  static Map<String, String> singleNode() {
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
}
