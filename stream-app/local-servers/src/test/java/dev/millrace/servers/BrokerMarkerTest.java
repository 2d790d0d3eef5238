package dev.millrace.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.PartitionRecord;
import org.apache.kafka.common.metadata.TopicRecord;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.image.MetadataImage;
import org.apache.kafka.image.MetadataProvenance;
import org.apache.kafka.metadata.MetadataCache;
import org.apache.kafka.server.common.KRaftVersion;
import org.junit.jupiter.api.Test;

/**
 * Holds that the broker we start keeps the end of a transaction for a partition that has no leader
 * just now, as every partition of a single node has while it comes back from a crash.
 *
 * <p>The transaction coordinator asks the metadata cache where to send the marker. "Nowhere yet"
 * makes it wait. "No such partition", which Kafka 4.3.0 to 4.4.0 answer (KAFKA-20734), makes it
 * call the transaction complete without a marker: its records stay invisible for ever to consumers
 * that read committed records, and so does all that follows in the partition.
 */
class BrokerMarkerTest {

  /** The class moved with 4.3. */
  private static final List<String> CACHES =
      List.of(
          "kafka.server.metadata.KRaftMetadataCache",
          "org.apache.kafka.metadata.KRaftMetadataCache");

  private static final int NO_LEADER = -1;

  @Test
  void shouldKnowAPartitionThatHasNoLeader() throws ReflectiveOperationException {
    MetadataCache cache = cache(leaderless("t"));
    ListenerName listener = ListenerName.normalised("PLAINTEXT");

    assertThat(cache.getPartitionLeaderEndpoint("t", 0, listener)).contains(Node.noNode());
    assertThat(cache.getPartitionLeaderEndpoint("t", 1, listener)).isEmpty();
    assertThat(cache.getPartitionLeaderEndpoint("other", 0, listener)).isEmpty();
  }

  private static MetadataImage leaderless(String topic) {
    Uuid id = Uuid.randomUuid();
    MetadataDelta delta = new MetadataDelta.Builder().setImage(MetadataImage.EMPTY).build();
    delta.replay(new TopicRecord().setName(topic).setTopicId(id));
    delta.replay(
        new PartitionRecord()
            .setTopicId(id)
            .setPartitionId(0)
            .setReplicas(List.of(1))
            .setIsr(List.of(1))
            .setDirectories(List.of(Uuid.randomUuid()))
            .setLeader(NO_LEADER)
            .setLeaderEpoch(1)
            .setPartitionEpoch(1));
    return delta.apply(MetadataProvenance.EMPTY);
  }

  private static MetadataCache cache(MetadataImage image) throws ReflectiveOperationException {
    Class<?> type = cacheClass();
    Supplier<KRaftVersion> version = () -> KRaftVersion.LATEST_PRODUCTION;
    Object cache = type.getConstructor(int.class, Supplier.class).newInstance(1, version);
    try {
      type.getMethod("setImage", MetadataImage.class).invoke(cache, image);
    } catch (InvocationTargetException e) {
      throw new AssertionError(type + " does not take an image", e.getCause());
    }
    return (MetadataCache) cache;
  }

  private static Class<?> cacheClass() throws ClassNotFoundException {
    for (String name : CACHES) {
      try {
        return Class.forName(name);
      } catch (ClassNotFoundException e) {
        // The other name, then.
      }
    }
    throw new ClassNotFoundException("none of " + CACHES + ": this broker keeps it elsewhere");
  }
}
