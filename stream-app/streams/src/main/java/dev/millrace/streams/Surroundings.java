package dev.millrace.streams;

import dev.millrace.operations.OpenResources;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.cluster.Cluster;
import dev.millrace.operations.cluster.PartitionWatch;
import dev.millrace.operations.cluster.PlanWatch;
import dev.millrace.operations.cluster.TopicWatch;
import dev.millrace.operations.cluster.Watch;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.config.WatchdogKeys;
import dev.millrace.operations.host.StateDisk;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.config.GroupProtocol;
import dev.millrace.streams.topics.ReplacedTopics;
import dev.millrace.streams.topics.TopicHistory;
import dev.millrace.streams.topology.ApplicationTopics;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the streams depend on and do not see: brokers, disk, topics, partitions and the plans of the
 * group's other members, looked at in the background. Thread-safe.
 */
final class Surroundings {
  private static final Duration DISK_TRIED_EVERY = Duration.ofSeconds(2);
  private static final Duration BROKER_ASKED_EVERY = Duration.ofSeconds(2);
  private static final Duration BROKER_PATIENCE = Duration.ofSeconds(5);

  private final Watch brokers;
  private final StateDisk disk;
  private final PartitionWatch partitions;
  private final PlanWatch plans;
  private final TopicWatch topics;
  private final TopicHistory history;

  /**
   * Begins to look; {@code open} ends that.
   *
   * @param consequences what it means that a partition hangs, by topic
   */
  Surroundings(
      Config config,
      StateDisk disk,
      PlanFingerprint plan,
      Map<TopicSelection, String> consequences,
      ReplacedTopics replaced,
      MeterRegistry registry,
      OpenResources open) {
    this.disk = disk;
    Cluster cluster = open.keep(new Cluster(config));
    this.brokers =
        open.keep(
            Watch.start(
                "no broker answers at " + cluster.address(),
                BROKER_ASKED_EVERY,
                () -> cluster.ping(BROKER_PATIENCE),
                System::nanoTime));
    open.keep(
        Watch.start(
            "the pending stores have no disk", DISK_TRIED_EVERY, disk::check, System::nanoTime));
    this.partitions =
        open.keep(
            new PartitionWatch(
                config.get(WatchdogKeys.HANGING),
                consequences,
                cluster::ends,
                this::brokerIsAway,
                registry,
                System::nanoTime,
                InstantSource.system()));
    boolean streamsProtocol = config.get(AppKeys.GROUP_PROTOCOL) == GroupProtocol.STREAMS;
    this.history = new TopicHistory(config, cluster);
    this.topics =
        open.keep(
            new TopicWatch(
                ApplicationTopics.changelogs(config),
                Input.outputs(config),
                cluster.topicQuestions(config.get(AppKeys.ID), streamsProtocol),
                replaced,
                System::nanoTime));
    this.plans =
        open.keep(
            new PlanWatch(
                config.get(AppKeys.ID),
                plan,
                (group, atMost) -> cluster.members(group, streamsProtocol, atMost),
                System::nanoTime));
  }

  /**
   * Makes sure that the application may begin.
   *
   * @throws OperationException if it must not, or no broker answers; says what to do
   */
  void check() {
    try {
      history.check();
      topics.start();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperationException("interrupted: cannot ask for the topics", e);
    }
  }

  /** Looks at the topics now, and returns when that is done, or cannot be. */
  void lookAtTopics() {
    topics.lookNow();
  }

  boolean brokerIsAway() {
    return !brokers.problem().isEmpty();
  }

  /** What keeps the streams from going on; one line each. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    for (String problem : List.of(brokers.problem(), disk.problem())) {
      if (!problem.isEmpty()) {
        problems.add(problem);
      }
    }
    problems.addAll(topics.problems());
    return problems;
  }

  /** What an operator should know; one line each. */
  List<String> notes() {
    List<String> notes = new ArrayList<>(partitions.notes());
    notes.addAll(plans.notes());
    return notes;
  }
}
