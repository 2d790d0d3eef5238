package dev.millrace.operations.cluster;

import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.config.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Looks again and again whether a partition hangs that the application reads or writes: asks the
 * cluster, and tells log, meters and notes of the health. Thread-safe; owned and closed by the
 * application.
 */
public final class PartitionWatch implements AutoCloseable {
  private static final String UNKNOWN = "what follows is not known";

  /** A look is three small requests to each broker. */
  private static final Duration LOOK_EVERY_MAX = Duration.ofSeconds(15);

  /** Looks within the time after which a partition hangs, at least. */
  private static final int LOOKS = 10;

  /** Longer than the watch of the brokers takes to find out that none is there. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Question question;
  private final BooleanSupplier brokerAway;
  private final List<TopicSelection> topics;
  private final HangingPartitions hanging;
  private final Watch watch;

  /** Whether the latest look failed for another reason than that no broker is there. */
  private boolean blind;

  /** Where partitions end; throws if that cannot be found out. */
  public interface Question {
    /** Asks once, and waits for each answer at most for so long. */
    PartitionEnds ask(Collection<TopicSelection> topics, Duration atMost)
        throws InterruptedException;
  }

  /**
   * Looks from now on.
   *
   * @param threshold after how long a partition hangs
   * @param consequences what it means, by topic: all of them are looked at
   * @param brokerAway whether it is known, and told, that no broker answers
   */
  public PartitionWatch(
      Duration threshold,
      Map<TopicSelection, String> consequences,
      Question question,
      BooleanSupplier brokerAway,
      MeterRegistry registry,
      LongSupplier nanoClock,
      InstantSource clock) {
    this.question = question;
    this.brokerAway = brokerAway;
    this.topics = List.copyOf(consequences.keySet());
    Map<TopicSelection, String> told = new LinkedHashMap<>(consequences);
    this.hanging =
        new HangingPartitions(threshold, topic -> consequence(told, topic), nanoClock, clock);
    PartitionMeters.register(registry, topics, hanging::count, hanging::longestSeconds);
    Duration often = threshold.dividedBy(LOOKS);
    this.watch =
        Watch.start(
            "the ends of the partitions are not known",
            often.compareTo(LOOK_EVERY_MAX) < 0 ? often : LOOK_EVERY_MAX,
            this::look,
            nanoClock);
  }

  private static String consequence(Map<TopicSelection, String> told, String topic) {
    return told.entrySet().stream()
        .filter(each -> each.getKey().contains(topic))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(UNKNOWN);
  }

  /** What it means for each topic of an application that one of its partitions hangs. */
  public static Map<TopicSelection, String> consequences(
      Topics topics, Collection<String> changelogs) {
    Map<TopicSelection, String> consequences = new LinkedHashMap<>();
    consequences.put(topics.documents(), "documents from there on are not consumed");
    for (String topic : topics.outputs().all()) {
      consequences.put(
          TopicSelection.named(topic),
          "outcomes from there on are written, but consumers of committed records do not see them");
    }
    for (String topic : changelogs) {
      consequences.put(
          TopicSelection.named(topic),
          "a stream task that has to restore its pending documents from it waits for ever");
    }
    return consequences;
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
  public List<String> notes() {
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
