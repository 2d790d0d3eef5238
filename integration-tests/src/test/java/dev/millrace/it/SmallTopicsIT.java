package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.faults.ChildNode;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.config.ApplicationSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The size that a topic takes is lowered while the application runs: what is larger becomes a dead
 * letter, a dead letter is cut, and if nothing can be written, the application says so and ends.
 */
class SmallTopicsIT {
  private static final String DEAD_LETTERS = "dead-letter-documents";

  @TempDir private Path directory;

  @Test
  void shouldGoOnWithSmallerRecordsAndEndWhenThereIsNoRoomForAny() throws Exception {
    Random random = new Random(20261130);
    try (LocalBroker broker = LocalBroker.start()) {
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of(
                  "documents.format", "text",
                  "topics.partitions", "1",
                  "documents.bytes.max", "32KiB",
                  "topics.record.bytes.max", "64KiB"));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      try (Admin admin = Admin.create(KafkaClientProperties.admin(config));
          OutcomeWatcher watcher =
              new OutcomeWatcher(config, List.of("enriched-documents", DEAD_LETTERS));
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 1)) {
        produce(config, random);
        watcher.await(1, StreamHarness.PATIENCE, node::isAlive);

        takeAtMost(admin, 8192);
        produce(config, random);
        watcher.await(2, StreamHarness.PATIENCE, node::isAlive);
        assertThat(Files.readString(node.log()).split("stream thread", -1))
            .as("at most one died: %s", node.log())
            .hasSizeLessThanOrEqualTo(2);

        takeAtMost(admin, 100);
        produce(config, random);
        long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
        while (node.isAlive() && deadline - System.nanoTime() > 0) {
          TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(node.isAlive()).isFalse();
        assertThat(Files.readString(node.log()))
            .contains("stopping, for nothing can be written: cannot write the dead letter")
            .contains("topic " + DEAD_LETTERS + " takes 100; raise max.message.bytes");
      }
    }
  }

  /** One document that is rejected, of letters that cannot be compressed. */
  private static void produce(Config config, Random random) {
    StringBuilder text = new StringBuilder("reject ");
    for (int i = 0; i < 20_000; i++) {
      text.append((char) ('!' + random.nextInt(90)));
    }
    assertThat(DocumentLoad.produce(config, 1, 1, _ -> text.toString())).hasSize(1);
  }

  private static void takeAtMost(Admin admin, int bytes) throws Exception {
    admin
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.TOPIC, DEAD_LETTERS),
                List.of(
                    new AlterConfigOp(
                        new ConfigEntry("max.message.bytes", Integer.toString(bytes)),
                        AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }
}
