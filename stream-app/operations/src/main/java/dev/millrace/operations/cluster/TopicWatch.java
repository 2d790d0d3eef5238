package dev.millrace.operations.cluster;

import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.TopicSelection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.apache.kafka.common.Uuid;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again and again whether the topics are still those that the application began with: whether
 * one was deleted and made again, which has the same name and other records, and whether an input
 * has got more partitions, which nobody reads before the group has heard of it. Thread-safe; owned
 * and closed by the application.
 */
public final class TopicWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TopicWatch.class);

  /** One small request. */
  private static final Duration EVERY = Duration.ofSeconds(2);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** How often the first look is tried: a busy broker may take longer. */
  private static final int FIRST_LOOKS = 6;

  private final Map<TopicSelection, String> changelogs;
  private final Set<TopicSelection> watched = new LinkedHashSet<>();
  private final Questions questions;
  private final Listener listener;
  private final Map<String, Uuid> ids = new HashMap<>();
  private final Map<String, Integer> read = new HashMap<>();
  private final Map<String, String> replaced = new TreeMap<>();
  private final Map<String, String> others = new TreeMap<>();
  private final Watch watch;
  private volatile List<String> problems = List.of();

  /** What the watch asks the cluster. Each throws if there is no answer. */
  public interface Questions {
    /** Those of the topics that are there, by name. */
    Map<String, TopicState> topics(Collection<TopicSelection> topics, Duration atMost)
        throws InterruptedException;

    /** The partitions of a topic that members of the group read. */
    Set<Integer> assigned(String topic, Duration atMost) throws InterruptedException;

    /** Adds partitions to a topic. */
    void addPartitions(String topic, int partitions, Duration atMost) throws InterruptedException;
  }

  /** Hears what is found. Called on the watch's thread; each at most once for a topic. */
  public interface Listener {
    /** A topic was seen for the first time. */
    void seen(String topic, Uuid id);

    /** A topic was deleted and made again since it was first seen. */
    void replaced(String topic, Uuid before);
  }

  /**
   * Prepares to look; begins with {@link #start}.
   *
   * @param changelogs by input, the topic that holds what is pending of it, one partition for each
   *     of the input's, of the topic with the most where there are several
   * @param outputs where outcomes go
   */
  public TopicWatch(
      Map<TopicSelection, String> changelogs,
      Collection<String> outputs,
      Questions questions,
      Listener listener,
      LongSupplier nanoClock) {
    this.changelogs = new LinkedHashMap<>(changelogs);
    this.watched.addAll(changelogs.keySet());
    outputs.forEach(topic -> watched.add(TopicSelection.named(topic)));
    changelogs.values().forEach(topic -> watched.add(TopicSelection.named(topic)));
    this.questions = questions;
    this.listener = listener;
    this.watch = new Watch("the topics are not known", this::look, nanoClock);
  }

  /**
   * Looks once and then again and again.
   *
   * @throws OperationException if the first look fails
   */
  public void start() throws InterruptedException {
    for (int left = FIRST_LOOKS - 1; ; left--) {
      try {
        look();
        break;
      } catch (OperationException e) {
        if (left == 0) {
          throw e;
        }
        LOG.info("the topics are not known yet: {}", e.getMessage());
      }
    }
    watch.begin(EVERY);
  }

  /** Looks once, beside the usual times; finds nothing if no broker answers. */
  public void lookNow() {
    watch.look();
  }

  /** Looks once. */
  synchronized void look() throws InterruptedException {
    Map<String, TopicState> found = questions.topics(watched, PATIENCE);
    others.clear();
    Set<String> names = new TreeSet<>(found.keySet());
    names.addAll(ids.keySet());
    for (String name : names) {
      TopicState state = found.get(name);
      Uuid before = ids.get(name);
      if (state == null) {
        // Those of a pattern come and go.
        if (watched.contains(TopicSelection.named(name))) {
          others.put(name, "topic %s is gone: it was deleted".formatted(name));
        }
      } else if (before == null) {
        ids.put(name, state.id());
        listener.seen(name, state.id());
      } else if (!before.equals(state.id()) && !replaced.containsKey(name)) {
        replaced.put(name, problem(name, before, state.id()));
        listener.replaced(name, before);
      }
    }
    for (Map.Entry<TopicSelection, String> each : changelogs.entrySet()) {
      grow(each.getKey(), each.getValue(), found);
    }
    List<String> now = new ArrayList<>(replaced.values());
    now.addAll(others.values());
    List<String> before = problems;
    now.stream().filter(line -> !before.contains(line)).forEach(LOG::warn);
    problems = List.copyOf(now);
  }

  private static String problem(String name, Uuid before, Uuid now) {
    return "topic %s was deleted and made again: its id is %s and was %s"
        .formatted(name, now, before);
  }

  /**
   * What is pending of a partition lies in the changelog's partition of the same number: so more of
   * them may be added, and what is pending stays where it is. Kafka Streams itself would stop, and
   * advise to delete the changelog.
   */
  private void grow(TopicSelection input, String changelog, Map<String, TopicState> found)
      throws InterruptedException {
    Map<String, Integer> partitions = new TreeMap<>();
    found.forEach((name, state) -> {
      if (input.contains(name) && !replaced.containsKey(name)) {
        partitions.put(name, state.partitions());
        read.putIfAbsent(name, state.partitions());
      }
    });
    TopicState stored = found.get(changelog);
    int most = partitions.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    if (stored != null && stored.partitions() < most) {
      try {
        questions.addPartitions(changelog, most, PATIENCE);
        LOG.info(
            "input {} has {} partitions: topic {} gets as many, and had {}",
            input,
            most,
            changelog,
            stored.partitions());
      } catch (RuntimeException e) {
        others.put(
            changelog,
            String.format(
                Locale.ROOT,
                "input %s has %d partitions and cannot be read before topic %s, which has %d, has"
                    + " as many: %s; add them with `kafka-topics.sh --alter --topic %s --partitions"
                    + " %d`, what is pending stays and is finished",
                input,
                most,
                changelog,
                stored.partitions(),
                e.getMessage(),
                changelog,
                most));
        return;
      }
    }
    for (Map.Entry<String, Integer> each : partitions.entrySet()) {
      awaitReaders(each.getKey(), each.getValue());
    }
  }

  /** Names a topic that has got partitions until members of the group read them. */
  private void awaitReaders(String topic, int partitions) throws InterruptedException {
    int known = read.getOrDefault(topic, partitions);
    if (partitions <= known) {
      return;
    }
    if (questions.assigned(topic, PATIENCE).size() >= partitions) {
      read.put(topic, partitions);
      LOG.info("all {} partitions of topic {} are read", partitions, topic);
    } else {
      others.put(
          topic,
          String.format(
              Locale.ROOT,
              "topic %s has %d partitions now and had %d: the others are not read yet, but will be"
                  + " within a minute or so",
              topic,
              partitions,
              known));
    }
  }

  /** What is wrong with the topics, one line each; empty if all is well. */
  public List<String> problems() {
    List<String> all = new ArrayList<>(problems);
    String blind = watch.problem();
    if (!blind.isEmpty()) {
      all.add(blind);
    }
    return all;
  }

  @Override
  public void close() {
    watch.close();
  }
}
