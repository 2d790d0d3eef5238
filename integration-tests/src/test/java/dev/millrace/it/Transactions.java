package dev.millrace.it;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.millrace.servers.LocalBroker;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** What a broker says about transactions, for the message of a test that misses records. */
final class Transactions {

  private static final int PATIENCE_SECONDS = 30;

  private Transactions() {}

  /**
   * Where the partition stands and who is at work in it. A last stable offset below the high
   * watermark although no transaction is open means that the end of one was lost.
   *
   * @param ids transactional ids to ask the coordinator about
   */
  static String describe(LocalBroker broker, TopicPartition partition, List<String> ids) {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      return "%s: last stable offset %s, high watermark %s, producers %s, transactions %s, log %s"
          .formatted(
              partition,
              end(admin, partition, IsolationLevel.READ_COMMITTED),
              end(admin, partition, IsolationLevel.READ_UNCOMMITTED),
              admin.describeProducers(List.of(partition)).all().get(PATIENCE_SECONDS, SECONDS),
              admin.describeTransactions(ids).all().get(PATIENCE_SECONDS, SECONDS),
              broker.log());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted while asking about " + partition;
    } catch (Exception e) {
      return "the broker does not say: " + e;
    }
  }

  private static long end(Admin admin, TopicPartition partition, IsolationLevel level)
      throws Exception {
    return admin
        .listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(level))
        .partitionResult(partition)
        .get(PATIENCE_SECONDS, SECONDS)
        .offset();
  }
}
