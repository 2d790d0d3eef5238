package dev.millrace.operations.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.TopicSelection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TopicWatchTest {
  private static final String INPUT = "documents";
  private static final String OUTPUT = "enriched";
  private static final String CHANGELOG = "app-pending-changelog";

  private final Map<String, TopicState> there = new HashMap<>();
  private final Set<Integer> assigned = new TreeSet<>();
  private final List<String> heard = new ArrayList<>();
  private final List<TopicSelection> asked = new ArrayList<>();
  private boolean mayAlter = true;
  private final TopicWatch watch =
      new TopicWatch(
          Map.of(TopicSelection.named(INPUT), CHANGELOG),
          List.of(OUTPUT),
          questions(asked),
          listener(),
          System::nanoTime);

  TopicWatchTest() {
    there.put(INPUT, new TopicState(new Uuid(7, 1), 2));
    there.put(OUTPUT, new TopicState(new Uuid(7, 2), 2));
    assigned.addAll(List.of(0, 1));
  }

  private TopicWatch.Questions questions(List<TopicSelection> asked) {
    return new TopicWatch.Questions() {
      @Override
      public Map<String, TopicState> topics(Collection<TopicSelection> topics, Duration atMost) {
        asked.addAll(topics);
        return Map.copyOf(there);
      }

      @Override
      public Set<Integer> assigned(String topic, Duration atMost) {
        return topic.equals(INPUT) ? assigned : Set.of();
      }

      @Override
      public void addPartitions(String topic, int partitions, Duration atMost) {
        if (!mayAlter) {
          throw new OperationException("not authorized");
        }
        heard.add(topic + " gets " + partitions);
        TopicState before = there.get(topic);
        Uuid id = before == null ? new Uuid(0, 0) : before.id();
        there.put(topic, new TopicState(id, partitions));
      }
    };
  }

  private TopicWatch.Listener listener() {
    return new TopicWatch.Listener() {
      @Override
      public void seen(String topic, Uuid id) {
        heard.add("seen " + topic);
      }

      @Override
      public void replaced(String topic, Uuid before) {
        heard.add("replaced " + topic + " " + before.getLeastSignificantBits());
      }
    };
  }

  @AfterEach
  void close() {
    watch.close();
  }

  @Test
  void shouldSeeTheChangelogWhenItIsMade() throws InterruptedException {
    watch.look();
    there.put(CHANGELOG, new TopicState(new Uuid(7, 3), 2));
    watch.look();
    watch.look();

    assertThat(asked).extracting(TopicSelection::toString).containsOnly(INPUT, OUTPUT, CHANGELOG);
    assertThat(heard)
        .containsExactlyInAnyOrder("seen " + INPUT, "seen " + OUTPUT, "seen " + CHANGELOG)
        .endsWith("seen " + CHANGELOG);
    assertThat(watch.problems()).isEmpty();
  }

  @Test
  void shouldTellOnceOfEachTopicThatWasMadeAgain() throws InterruptedException {
    there.put(CHANGELOG, new TopicState(new Uuid(7, 3), 2));
    for (String topic : List.of(INPUT, OUTPUT, CHANGELOG)) {
      heard.clear();
      watch.look();
      TopicState before = there.remove(topic);
      watch.look();
      assertThat(watch.problems()).anyMatch(line -> line.contains("topic " + topic + " is gone"));
      there.put(topic, new TopicState(new Uuid(8, 9), 1));
      watch.look();
      watch.look();

      assertThat(heard)
          .filteredOn(line -> line.startsWith("replaced"))
          .containsExactly(
              "replaced "
                  + topic
                  + " "
                  + (before == null ? 0 : before.id().getLeastSignificantBits()));
      assertThat(watch.problems())
          .anyMatch(line -> line.contains("topic " + topic + " was deleted and made again"));
    }
  }

  @Test
  void shouldGiveTheChangelogThePartitionsThatAnInputGets() throws InterruptedException {
    there.put(CHANGELOG, new TopicState(new Uuid(7, 3), 2));
    watch.look();
    there.put(INPUT, new TopicState(new Uuid(7, 1), 4));
    watch.look();

    assertThat(heard).contains(CHANGELOG + " gets 4");
    assertThat(watch.problems())
        .singleElement()
        .asString()
        .contains("topic documents has 4 partitions now and had 2", "not read yet");

    assigned.addAll(List.of(2, 3));
    watch.look();
    assertThat(watch.problems()).isEmpty();
  }

  @Test
  void shouldSayWhatToDoIfItMayNotAddPartitions() throws InterruptedException {
    there.put(CHANGELOG, new TopicState(new Uuid(7, 3), 2));
    mayAlter = false;
    watch.look();
    there.put(INPUT, new TopicState(new Uuid(7, 1), 3));
    watch.look();

    assertThat(watch.problems())
        .singleElement()
        .asString()
        .contains("not authorized", "kafka-topics.sh --alter --topic " + CHANGELOG, "is finished");
  }

  /** Its topics come and go; one that comes again under the same name is another. */
  @Test
  void shouldWatchTheTopicsOfAPattern() throws InterruptedException {
    TopicSelection pattern = TopicSelection.matching("tenant-.*");
    there.clear();
    there.put("tenant-a", new TopicState(new Uuid(7, 1), 1));
    there.put(CHANGELOG, new TopicState(new Uuid(7, 3), 2));
    try (TopicWatch several =
        new TopicWatch(
            Map.of(pattern, CHANGELOG),
            List.of(),
            questions(asked),
            listener(),
            System::nanoTime)) {
      several.look();
      there.put("tenant-b", new TopicState(new Uuid(7, 2), 5));
      several.look();
      assertThat(asked).contains(pattern);
      assertThat(heard).contains("seen tenant-a", "seen tenant-b", CHANGELOG + " gets 5");

      there.remove("tenant-a");
      several.look();
      assertThat(several.problems()).isEmpty();

      there.put("tenant-a", new TopicState(new Uuid(8, 1), 1));
      several.look();
      assertThat(heard).contains("replaced tenant-a 1");
      assertThat(several.problems())
          .anyMatch(line -> line.contains("topic tenant-a was deleted and made again"));
    }
  }
}
