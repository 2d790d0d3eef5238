package dev.millrace.streams;

import dev.millrace.streams.config.Config;
import dev.millrace.streams.config.ProcessingKeys;
import dev.millrace.streams.deploy.TopicDeployment;
import dev.millrace.streams.health.HangingPartitions;
import dev.millrace.streams.health.PartitionEnds;
import dev.millrace.streams.health.Watch;
import dev.millrace.streams.metrics.PartitionMeters;
import dev.millrace.streams.topology.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Looks again and again whether a partition hangs that the application reads or writes: asks the
 * cluster, and tells log, meters and notes of the health. Thread-safe; owned and closed by the
 * application.
 */
final class PartitionWatch implements AutoCloseable {
  /** A look is three small requests to each broker. */
  private static final Duration LOOK_EVERY_MAX = Duration.ofSeconds(15);

  /** Looks within the time after which a partition hangs, at least. */
  private static final int LOOKS = 10;

  /** Longer than the watch of the brokers takes to find out that none is there. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Question question;
  private final BooleanSupplier brokerAway;
  private final List<String> topics = new ArrayList<>();
  private final HangingPartitions hanging;
  private final Watch watch;

  /** Whether the latest look failed for another reason than that no broker is there. */
  private boolean blind;

  /** Where partitions end; throws if that cannot be found out. */
  interface Question {
    /** Asks once, and waits for each answer at most for so long. */
    PartitionEnds ask(Collection<String> topics, Duration atMost) throws InterruptedException;
  }

  /**
   * Looks from now on.
   *
   * @param brokerAway whether it is known, and told, that no broker answers
   */
  PartitionWatch(
      Config config,
      Question question,
      BooleanSupplier brokerAway,
      MeterRegistry registry,
      LongSupplier nanoClock,
      InstantSource clock) {
    this.question = question;
    this.brokerAway = brokerAway;
    Topics named = ApplicationSettings.topics(config);
    String changelog = TopicDeployment.changelog(config);
    topics.addAll(named.all());
    topics.add(changelog);
    Duration threshold = config.get(ProcessingKeys.WATCHDOG_HANGING);
    this.hanging =
        new HangingPartitions(
            threshold, topic -> consequence(topic, named.documents(), changelog), nanoClock, clock);
    PartitionMeters.register(registry, topics, hanging::count, hanging::longestSeconds);
    Duration often = threshold.dividedBy(LOOKS);
    this.watch =
        Watch.start(
            "the ends of the partitions are not known",
            often.compareTo(LOOK_EVERY_MAX) < 0 ? often : LOOK_EVERY_MAX,
            this::look,
            nanoClock);
  }

  private static String consequence(String topic, String documents, String changelog) {
    if (topic.equals(documents)) {
      return "documents from there on are not consumed";
    }
    return topic.equals(changelog)
        ? "a stream task that has to restore its pending documents from it waits for ever"
        : "outcomes from there on are written, but consumers of committed records do not see them";
  }

  /** Looks once. */
  void look() throws InterruptedException {
    try {
      hanging.look(question.ask(topics, PATIENCE));
      blind = false;
    } catch (RuntimeException e) {
      hanging.lookFailed();
      if (blind || !brokerAway.getAsBoolean()) {
        blind = true;
        throw e;
      }
    }
  }

  /** What an operator should know of the partitions, one line each; empty if all is well. */
  List<String> notes() {
    List<String> notes = new ArrayList<>(hanging.notes());
    String problem = watch.problem();
    if (!problem.isEmpty()) {
      notes.add(problem);
    }
    return notes;
  }

  @Override
  public void close() {
    watch.close();
  }
}
