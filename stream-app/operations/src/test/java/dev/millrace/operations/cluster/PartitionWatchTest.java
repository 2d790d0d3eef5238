package dev.millrace.operations.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.operations.cluster.PartitionEnds.Ends;
import dev.millrace.operations.cluster.PartitionEnds.Partition;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.config.Topics;
import dev.millrace.records.OutputTopics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The looks are made by hand: the watch's own thread makes its first after 15 s. */
class PartitionWatchTest {
  private static final Topics TOPICS =
      new Topics(
          "in",
          new OutputTopics("enriched-documents", "quarantined-documents", "dead-letter-documents"));

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicBoolean brokerAway = new AtomicBoolean();
  private final AtomicBoolean answers = new AtomicBoolean(true);
  private final List<String> asked = new ArrayList<>();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final PartitionWatch watch =
      new PartitionWatch(
          Duration.ofMinutes(20),
          PartitionWatch.consequences(TOPICS, List.of("mine-pending-changelog")),
          this::ends,
          brokerAway::get,
          registry,
          nanos::get,
          InstantSource.fixed(Instant.EPOCH));

  private PartitionEnds ends(Collection<TopicSelection> topics, Duration atMost) {
    if (!answers.get()) {
      throw new IllegalStateException("no answer");
    }
    asked.clear();
    topics.forEach(topic -> asked.add(topic.toString()));
    return new PartitionEnds(
        Map.of(
            new Partition("in", 0), new Ends(1, 2),
            new Partition("in", 1), new Ends(5, 5),
            new Partition("enriched-documents", 0), new Ends(3, 4),
            new Partition("mine-pending-changelog", 0), new Ends(5, 6)),
        Set.of());
  }

  @AfterEach
  void close() {
    watch.close();
  }

  private double gauge(String name, String topic) {
    return registry.get(name).tag("topic", topic).gauge().value();
  }

  @Test
  void shouldAskForAllTopicsAndSayWhatItMeansInEach() throws InterruptedException {
    watch.look();
    assertThat(asked)
        .containsExactlyInAnyOrder(
            "in",
            "enriched-documents",
            "quarantined-documents",
            "dead-letter-documents",
            "mine-pending-changelog");
    assertThat(watch.notes()).isEmpty();
    assertThat(gauge("millrace.partitions.hanging", "in")).isZero();

    nanos.addAndGet(Duration.ofMinutes(20).toNanos());
    watch.look();

    assertThat(watch.notes())
        .satisfiesExactly(
            note -> assertThat(note).contains("enriched-documents-0").contains("do not see them"),
            note -> assertThat(note).contains("in-0").contains("are not consumed"),
            note -> assertThat(note).contains("mine-pending-changelog-0").contains("to restore"));
    assertThat(gauge("millrace.partitions.hanging", "in")).isEqualTo(1);
    assertThat(gauge("millrace.partitions.hanging", "dead-letter-documents")).isZero();
    assertThat(gauge("millrace.partitions.hanging.age", "mine-pending-changelog")).isEqualTo(1200);
  }

  @Test
  void shouldLeaveItToTheOtherWatchToSayThatNoBrokerAnswers() throws InterruptedException {
    watch.look();
    answers.set(false);
    brokerAway.set(true);

    watch.look();

    nanos.addAndGet(Duration.ofHours(1).toNanos());
    answers.set(true);
    watch.look();
    assertThat(watch.notes()).as("the time without an answer does not count").isEmpty();
  }

  @Test
  void shouldFailWhenBrokersAnswerButNotThis() throws InterruptedException {
    answers.set(false);

    assertThatThrownBy(watch::look).hasMessage("no answer");
    brokerAway.set(true);
    assertThatThrownBy(watch::look)
        .as("it has not come to an end because the brokers are gone, too")
        .hasMessage("no answer");

    answers.set(true);
    watch.look();
    answers.set(false);
    assertThatCode(watch::look)
        .as("now it is only that the brokers are gone")
        .doesNotThrowAnyException();
  }
}
