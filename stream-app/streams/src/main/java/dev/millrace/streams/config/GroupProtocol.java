package dev.millrace.streams.config;

/** How instances share the partitions. */
public enum GroupProtocol {
  /** Client-side assignment, with static membership: a restarted instance gets its tasks back. */
  CLASSIC,
  /** Broker-side assignment (KIP-1071): no static membership, tasks move on every stop. */
  STREAMS
}
