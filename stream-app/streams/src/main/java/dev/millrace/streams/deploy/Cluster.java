package dev.millrace.streams.deploy;

import dev.millrace.streams.config.Config;
import dev.millrace.streams.config.ConfigKeys;
import dev.millrace.streams.config.KafkaClientProperties;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.errors.TimeoutException;

/** The Kafka cluster as a whole. Owns an admin client: close it. Thread-safe because that is. */
public final class Cluster implements AutoCloseable {
  private final Admin admin;
  private final String address;

  /** Opens an admin client; connects at the first call. */
  public Cluster(Config config) {
    this(config, Admin.create(KafkaClientProperties.admin(config)));
  }

  /**
   * @param admin owned from here on
   */
  Cluster(Config config, Admin admin) {
    this.admin = admin;
    this.address = String.join(",", config.get(ConfigKeys.BOOTSTRAP_SERVERS));
  }

  /**
   * Asks who is there.
   *
   * @param atMost how long to wait for an answer
   * @throws DeployException if no broker answers in time, or what answers is no broker
   */
  public void ping(Duration atMost) throws InterruptedException {
    DescribeClusterOptions once =
        new DescribeClusterOptions().timeoutMs(Math.toIntExact(atMost.toMillis()));
    try {
      admin.describeCluster(once).nodes().get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new DeployException(
          cause instanceof TimeoutException
              ? "no answer within %d ms".formatted(atMost.toMillis())
              : String.valueOf(cause.getMessage()),
          cause);
    }
  }

  /** What clients are told to connect to. */
  public String address() {
    return address;
  }

  /** Waits for nothing: a question that is being asked ends without an answer. */
  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
