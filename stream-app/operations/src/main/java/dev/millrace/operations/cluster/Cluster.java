package dev.millrace.operations.cluster;

import dev.millrace.operations.Answers;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.operations.config.TopicSelection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeFeaturesOptions;
import org.apache.kafka.clients.admin.DescribeStreamsGroupsOptions;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.StreamsGroupMemberDescription;
import org.apache.kafka.clients.admin.SupportedVersionRange;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TimeoutException;

/** The Kafka cluster as a whole. Owns an admin client: close it. Thread-safe because that is. */
public final class Cluster implements AutoCloseable {
  private static final String TRANSACTION_VERSION = "transaction.version";
  private static final String METADATA_VERSION = "metadata.version";

  /** From here on an end of a transaction cannot hit the next one. */
  private static final int SAFE_TRANSACTIONS = 2;

  /** Highest metadata.version of Kafka 4.3; that of 4.2 is 29. */
  private static final int LOSES_MARKERS_FIRST = 30;

  /** Highest metadata.version of Kafka 4.4. */
  private static final int LOSES_MARKERS_LAST = 33;

  private final Admin admin;
  private final String address;
  private final int transactionVersionMin;

  /** Opens an admin client; connects at the first call. */
  public Cluster(Config config) {
    this.admin = Admin.create(KafkaClientProperties.admin(config));
    this.transactionVersionMin = config.get(KafkaKeys.TRANSACTION_VERSION_MIN);
    this.address = String.join(",", config.get(KafkaKeys.BOOTSTRAP_SERVERS));
  }

  /**
   * Asks who is there.
   *
   * @param atMost how long to wait for an answer
   * @throws OperationException if no broker answers in time, or what answers is no broker
   */
  public void ping(Duration atMost) throws InterruptedException {
    DescribeClusterOptions once =
        new DescribeClusterOptions().timeoutMs(Math.toIntExact(atMost.toMillis()));
    try {
      admin.describeCluster(once).nodes().get();
    } catch (ExecutionException e) {
      Throwable cause = Answers.cause(e);
      throw new OperationException(
          cause instanceof TimeoutException
              ? String.format(Locale.ROOT, "no answer within %d ms", atMost.toMillis())
              : String.valueOf(cause.getMessage()),
          cause);
    }
  }

  /**
   * Asks where the partitions of topics end; those of a topic that does not exist are left out.
   *
   * @param atMost how long to wait for each of three answers
   * @throws OperationException if nothing can be found out
   */
  public PartitionEnds ends(Collection<TopicSelection> topics, Duration atMost)
      throws InterruptedException {
    return new EndsQuery(admin, atMost).ask(topics);
  }

  /**
   * Asks for the names of a group's members: static ones for the classic protocol, client ids for
   * that of Kafka Streams, which has no static members; none if there is no such group.
   *
   * @param streamsProtocol whether the group has the protocol of Kafka Streams, not the classic one
   * @param atMost how long to wait for an answer
   * @throws OperationException if nothing can be found out
   */
  public List<String> members(String group, boolean streamsProtocol, Duration atMost)
      throws InterruptedException {
    int millis = Math.toIntExact(atMost.toMillis());
    try {
      if (streamsProtocol) {
        return admin
            .describeStreamsGroups(
                List.of(group), new DescribeStreamsGroupsOptions().timeoutMs(millis))
            .all()
            .get()
            .values()
            .stream()
            .flatMap(described -> described.members().stream())
            .map(StreamsGroupMemberDescription::clientId)
            .toList();
      }
      return admin
          .describeConsumerGroups(
              List.of(group), new DescribeConsumerGroupsOptions().timeoutMs(millis))
          .all()
          .get()
          .values()
          .stream()
          .flatMap(described -> described.members().stream())
          .map(member -> member.groupInstanceId().orElse(member.clientId()))
          .toList();
    } catch (ExecutionException e) {
      Throwable cause = Answers.cause(e);
      if (cause instanceof GroupIdNotFoundException) {
        return List.of();
      }
      throw Answers.failed("describe group " + group, e);
    }
  }

  /**
   * The committed offsets of a group for the first partitions of a topic.
   *
   * @param atMost how long to wait for an answer
   * @throws OperationException if nothing can be found out
   */
  public GroupOffsets offsets(String group, String topic, int partitions, Duration atMost)
      throws InterruptedException {
    return new GroupQuery(admin, group, atMost).offsets(topic, partitions);
  }

  /**
   * Deletes them; the group must have no members.
   *
   * @param streamsProtocol whether the group has the protocol of Kafka Streams, not the classic one
   * @param atMost how long to wait for an answer
   * @throws OperationException if they cannot be deleted
   */
  public void deleteOffsets(
      String group, String topic, int partitions, boolean streamsProtocol, Duration atMost)
      throws InterruptedException {
    new GroupQuery(admin, group, atMost).delete(topic, partitions, streamsProtocol);
  }

  /**
   * What a topic watch asks.
   *
   * @param group whose members are asked for
   * @param streamsProtocol whether the group has the protocol of Kafka Streams, not the classic one
   */
  public TopicWatch.Questions topicQuestions(String group, boolean streamsProtocol) {
    return new TopicQuery(admin, group, streamsProtocol);
  }

  /**
   * What an operator should know of the cluster before the application starts, one line each.
   * Brokers do not tell their release, but the versions of the cluster's metadata that they
   * support, and each minor release brings new ones.
   */
  public List<String> warnings() {
    Map<Integer, Integer> levels = new TreeMap<>();
    try {
      for (Node broker : admin.describeCluster().nodes().get()) {
        SupportedVersionRange supported =
            admin
                .describeFeatures(new DescribeFeaturesOptions().nodeId(broker.id()))
                .featureMetadata()
                .get()
                .supportedFeatures()
                .get(METADATA_VERSION);
        if (supported != null) {
          levels.put(broker.id(), (int) supported.maxVersion());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperationException("interrupted: cannot ask the brokers for their features", e);
    } catch (ExecutionException e) {
      Throwable cause = Answers.cause(e);
      return List.of(
          ("cannot ask the brokers at %s for their features (%s): whether they can lose the end of"
                  + " a transaction is not known")
              .formatted(address, cause.getMessage()));
    }
    List<String> warnings = new ArrayList<>(warnings(levels, address));
    if (transactionVersionMin < SAFE_TRANSACTIONS) {
      warnings.addAll(risks(finalizedFeatures(), transactionVersionMin, address));
    }
    return warnings;
  }

  static List<String> warnings(Map<Integer, Integer> metadataLevels, String address) {
    String affected =
        metadataLevels.entrySet().stream()
            .filter(each -> LOSES_MARKERS_FIRST <= each.getValue())
            .filter(each -> each.getValue() <= LOSES_MARKERS_LAST)
            .map(
                each -> String.format(Locale.ROOT, "%d (up to %d)", each.getKey(), each.getValue()))
            .collect(Collectors.joining(", "));
    if (affected.isEmpty()) {
      return List.of();
    }
    return List.of(
        ("brokers of the cluster at %s are of Kafka 4.3 or 4.4, as the %s that they support says:"
                + " %s. Releases 4.3.0 to 4.4.0 can lose the end of a transaction (KAFKA-20734):"
                + " its partition then hangs, and documents are not consumed, or outcomes not seen."
                + " If yours have the fix, nothing is to be done; otherwise see"
                + " docs/failures.md#hanging-transactions")
            .formatted(address, METADATA_VERSION, affected));
  }

  /** What is wrong with the cluster, one line each; empty if the application may start. */
  public List<String> check() {
    return transactionVersionMin == 0
        ? List.of()
        : problems(finalizedFeatures(), transactionVersionMin, address);
  }

  private Map<String, FinalizedVersionRange> finalizedFeatures() {
    try {
      return admin.describeFeatures().featureMetadata().get().finalizedFeatures();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperationException("interrupted: cannot ask the cluster for its features", e);
    } catch (ExecutionException e) {
      Throwable cause = Answers.cause(e);
      throw new OperationException(
          "cannot ask the cluster at %s for its features: %s"
              .formatted(address, cause.getMessage()),
          cause);
    }
  }

  static List<String> problems(
      Map<String, FinalizedVersionRange> features, int transactionVersionMin, String address) {
    int found = transactionVersion(features);
    if (found >= transactionVersionMin) {
      return List.of();
    }
    return List.of(
        String.format(
            Locale.ROOT,
            ("the cluster at %1$s has %2$s %3$d, expected at least %4$d: below 2, a late commit or"
                + " abort of a dead client may hit the next transaction, and a document may be lost"
                + " or come out twice (KIP-890). Run `kafka-features.sh --bootstrap-server %1$s"
                + " upgrade --feature %2$s=2`, or take the risk with"
                + " kafka.unsafe.transaction.version.min"),
            address,
            TRANSACTION_VERSION,
            found,
            transactionVersionMin));
  }

  /** The risk that was taken, told at each start: whoever took it may not be who starts. */
  static List<String> risks(
      Map<String, FinalizedVersionRange> features, int transactionVersionMin, String address) {
    int found = transactionVersion(features);
    if (found < transactionVersionMin || found >= SAFE_TRANSACTIONS) {
      return List.of();
    }
    return List.of(
        String.format(
            Locale.ROOT,
            ("exactly-once is not guaranteed: the cluster at %s has %s %d, and"
                + " kafka.unsafe.transaction.version.min = %d accepts it. A late commit or abort of"
                + " a dead client may hit the next transaction, and a document may be lost or come"
                + " out twice (KIP-890)"),
            address,
            TRANSACTION_VERSION,
            found,
            transactionVersionMin));
  }

  private static int transactionVersion(Map<String, FinalizedVersionRange> features) {
    FinalizedVersionRange range = features.get(TRANSACTION_VERSION);
    return range == null ? 0 : range.maxVersionLevel();
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
