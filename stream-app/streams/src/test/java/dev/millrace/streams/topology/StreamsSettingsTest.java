package dev.millrace.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.streams.config.ApplicationSpec;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class StreamsSettingsTest {
  @TempDir private Path directory;

  private static Config config(String more) {
    return ConfigReader.parse(
        ApplicationSpec.SPEC,
        "test",
        Path.of("/base"),
        """
        kafka.bootstrap.servers: [a:1, b:2]
        schema.registry.url: http://r:2
        model.dir: m
        app.instance.id: me
        """
            + more,
        Map.of());
  }

  @Test
  void shouldKeepTheBindingSettings() {
    Properties properties = StreamsSettings.of(config("kafka.client.security.protocol: SSL\n"));

    assertThat(properties)
        .containsEntry("processing.guarantee", "exactly_once_v2")
        .containsEntry("bootstrap.servers", "a:1,b:2")
        .containsEntry("state.dir", "/base/millrace-state")
        .containsEntry("commit.interval.ms", "200")
        .containsEntry("producer.transaction.timeout.ms", "30000")
        .containsEntry("producer.max.request.size", "8388608")
        .containsEntry("consumer.group.instance.id", "me")
        .containsEntry("consumer.max.poll.records", "64")
        .containsEntry("security.protocol", "SSL");
    assertThat(new StreamsConfig(properties).getString("group.protocol")).isEqualTo("classic");
  }

  @Test
  void shouldCarryThePlanInTheNameOfTheMember() {
    PlanFingerprint plan = PlanFingerprint.of(Map.of("plan", "a"));

    assertThat(StreamsSettings.of(config(""), plan))
        .containsEntry("consumer.group.instance.id", "me.plan-" + plan.hex())
        .doesNotContainKey("client.id");
    assertThat(StreamsSettings.of(config("app.group.protocol: streams\n"), plan))
        .containsEntry("client.id", "me.plan-" + plan.hex())
        .doesNotContainKey("consumer.group.instance.id");
  }

  @Test
  void shouldGiveKafkaStreamsNothingToWarnAbout() {
    Logger logger = (Logger) LoggerFactory.getLogger(StreamsConfig.class);
    ListAppender<ILoggingEvent> heard = new ListAppender<>();
    heard.start();
    logger.setLevel(Level.WARN);
    logger.addAppender(heard);
    Topology topology = new Topology();
    topology.addSource("in", "documents");
    Properties properties = StreamsSettings.of(config("app.state.dir: " + directory + "\n"));
    properties.put("bootstrap.servers", "127.0.0.1:1");

    try (KafkaStreams streams = new KafkaStreams(topology, properties)) {
      assertThat(streams.state()).isEqualTo(KafkaStreams.State.CREATED);
    } finally {
      logger.detachAppender(heard);
    }

    assertThat(heard.list)
        .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .extracting(ILoggingEvent::getFormattedMessage)
        .isEmpty();
  }

  @Test
  void shouldLeaveOutWhatTheStreamsProtocolRefuses() {
    Properties properties = StreamsSettings.of(config("app.group.protocol: streams\n"));

    assertThat(properties)
        .containsEntry("group.protocol", "streams")
        .doesNotContainKeys(
            "consumer.group.instance.id", "consumer.session.timeout.ms", "num.standby.replicas");
    assertThat(new StreamsConfig(properties).getString("group.protocol")).isEqualTo("streams");
  }

  @Test
  void shouldKeepDeletionsLongerThanStateDirectories() {
    Config config = config("");
    long deletions =
        Long.parseLong(
            StreamsSettings.changelogTopic(config).getOrDefault("delete.retention.ms", "0"));
    long state =
        Long.parseLong(
            StreamsSettings.of(config)
                .getProperty(StreamsConfig.STATE_CLEANUP_DIR_MAX_AGE_MS_CONFIG));

    assertThat(state).isLessThan(deletions);
  }
}
