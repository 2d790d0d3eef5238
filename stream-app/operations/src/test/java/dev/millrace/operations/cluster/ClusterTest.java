package dev.millrace.operations.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.junit.jupiter.api.Test;

class ClusterTest {

  private static Map<String, FinalizedVersionRange> transactions(int level) {
    return Map.of(
        "metadata.version", new FinalizedVersionRange((short) 29, (short) 29),
        "transaction.version", new FinalizedVersionRange((short) level, (short) level));
  }

  @Test
  void shouldAcceptTransactionsOfTheVersionAskedForOrLater() {
    assertThat(Cluster.problems(transactions(2), 2, "b:1")).isEmpty();
    assertThat(Cluster.problems(transactions(3), 2, "b:1")).isEmpty();
    assertThat(Cluster.problems(transactions(1), 1, "b:1")).isEmpty();
  }

  @Test
  void shouldSayWhatIsFoundWhyItMattersAndWhatToDo() {
    assertThat(Cluster.problems(transactions(1), 2, "b:1"))
        .singleElement()
        .asString()
        .contains("the cluster at b:1 has transaction.version 1, expected at least 2")
        .contains("KIP-890")
        .contains(
            "kafka-features.sh --bootstrap-server b:1 upgrade --feature transaction.version=2")
        .contains("kafka.unsafe.transaction.version.min");
  }

  @Test
  void shouldTakeAFeatureThatIsNotListedForVersionZero() {
    assertThat(Cluster.problems(Map.of(), 2, "b:1"))
        .singleElement()
        .asString()
        .contains("transaction.version 0");
  }

  @Test
  void shouldTellOfTheRiskThatWasTaken() {
    assertThat(Cluster.risks(transactions(2), 0, "b:1")).isEmpty();
    assertThat(Cluster.risks(transactions(1), 2, "b:1")).as("refused, not taken").isEmpty();
    for (int accepted = 0; accepted <= 1; accepted++) {
      assertThat(Cluster.risks(transactions(1), accepted, "b:1"))
          .singleElement()
          .asString()
          .startsWith(
              "exactly-once is not guaranteed: the cluster at b:1 has transaction.version 1")
          .contains("kafka.unsafe.transaction.version.min = " + accepted)
          .contains("KIP-890");
    }
    assertThat(Cluster.risks(Map.of(), 0, "b:1"))
        .singleElement()
        .asString()
        .contains("transaction.version 0");
  }

  @Test
  void shouldWarnOfBrokersThatCanLoseTheEndOfATransaction() {
    assertThat(Cluster.warnings(Map.of(1, 29, 2, 34), "b:1")).isEmpty();
    assertThat(Cluster.warnings(Map.of(), "b:1")).isEmpty();
    assertThat(Cluster.warnings(new TreeMap<>(Map.of(1, 29, 2, 30, 3, 33, 4, 34)), "b:1"))
        .singleElement()
        .asString()
        .contains("cluster at b:1")
        .contains("metadata.version that they support says: 2 (up to 30), 3 (up to 33).")
        .contains("KAFKA-20734")
        .contains("docs/failures.md#hanging-transactions");
  }
}
