package dev.millrace.streams.topics;

import dev.millrace.operations.cluster.TopicWatch;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.streams.processor.Intake;
import dev.millrace.streams.processor.ProcessorMonitor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.kafka.common.Uuid;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what follows if a topic was deleted and made again, be it while the application runs or
 * while it did not: nothing may be taken from another topic as if it were the former one, and the
 * application ends with what to do. Thread-safe.
 */
public final class ReplacedTopics implements TopicWatch.Listener, ProcessorMonitor {
  private static final Logger LOG = LoggerFactory.getLogger(ReplacedTopics.class);
  private static final String ACCEPT =
      "`millrace topics accept --config FILE`, once all instances have stopped";

  private final List<TopicSelection> inputs;
  private final Set<String> changelogs;
  private final Intake intake;
  private final Consumer<Boolean> end;
  private final Map<String, String> problems = new ConcurrentSkipListMap<>();
  private final AtomicBoolean ending = new AtomicBoolean();

  /**
   * @param intake borrowed
   * @param end called once, whether what is pending can be finished before: nothing is added to it
   */
  public ReplacedTopics(
      Collection<TopicSelection> inputs,
      Collection<String> changelogs,
      Intake intake,
      Consumer<Boolean> end) {
    this.inputs = List.copyOf(inputs);
    this.changelogs = Set.copyOf(changelogs);
    this.intake = intake;
    this.end = end;
  }

  @Override
  public void seen(String topic, Uuid id) {
    intake.seen(topic, id);
  }

  @Override
  public void replaced(String topic, Uuid before) {
    String problem = problem(topic, before);
    if (problems.putIfAbsent(topic, problem) != null) {
      return;
    }
    LOG.error(problem);
    boolean input = isInput(topic);
    if (input) {
      intake.close(topic);
    }
    if (ending.compareAndSet(false, true)) {
      end.accept(input);
    }
  }

  @Override
  public void topicReplaced(String topic, Uuid before) {
    replaced(topic, before);
  }

  private boolean isInput(String topic) {
    return inputs.stream().anyMatch(input -> input.contains(topic));
  }

  private String problem(String topic, Uuid before) {
    String head =
        "topic %s was deleted and made again: it is not the one with id %s any more, "
            .formatted(topic, before);
    if (isInput(topic)) {
      return head
          + "from which documents were taken before. Nothing is taken from it; what is pending of"
          + " the former one is finished, then the application ends. To have the new one read from"
          + " its beginning, run "
          + ACCEPT;
    }
    if (changelogs.contains(topic)) {
      return head
          + "which held the pending documents: those that had no outcome when it was deleted may"
          + " be lost to the application, though not to the input topic. To go on behind them, run "
          + ACCEPT
          + "; to enrich all documents again, choose another app.id";
    }
    return head
        + "which held the outcomes up to now. To go on with the new one, run "
        + ACCEPT
        + "; to have all outcomes again, choose another app.id";
  }

  /** What is wrong, one line each; empty if all is well. */
  public List<String> problems() {
    return new ArrayList<>(problems.values());
  }
}
