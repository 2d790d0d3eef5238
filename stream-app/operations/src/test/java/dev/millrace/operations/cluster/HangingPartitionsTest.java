package dev.millrace.operations.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.operations.cluster.PartitionEnds.Ends;
import dev.millrace.operations.cluster.PartitionEnds.Partition;
import dev.millrace.operations.config.TopicSelection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HangingPartitionsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Partition IN = new Partition("documents", 0);
  private static final Partition OTHER_IN = new Partition("documents", 10);
  private static final Partition OUT = new Partition("enriched", 2);

  private final AtomicLong nanos = new AtomicLong(-7);
  private final Logger logger = (Logger) LoggerFactory.getLogger(HangingPartitions.class);
  private final ListAppender<ILoggingEvent> heard = new ListAppender<>();
  private final HangingPartitions hanging =
      new HangingPartitions(
          Duration.ofMinutes(20),
          topic -> topic.equals("documents") ? "nothing is consumed" : "nothing is seen",
          nanos::get,
          () -> Instant.parse("2026-11-21T10:00:00Z").plusNanos(nanos.get() + 7));

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    heard.start();
    logger.addAppender(heard);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(heard);
    logger.setLevel(null);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private void look(Map<Partition, Ends> known, Partition... silent) {
    hanging.look(new PartitionEnds(known, Set.of(silent)));
  }

  /** A look each minute, the first at once. */
  private void lookFor(int minutes, Map<Partition, Ends> known, Partition... silent) {
    look(known, silent);
    for (int i = 0; i < minutes; i++) {
      pass(MINUTE);
      look(known, silent);
    }
  }

  private List<String> said(Level level) {
    return heard.list.stream()
        .filter(event -> event.getLevel().equals(level))
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Test
  void shouldSayOnceThatAPartitionHangsAndOnceThatItMoves() {
    Map<Partition, Ends> open = Map.of(IN, new Ends(42, 57), OUT, new Ends(9, 9));

    lookFor(19, open);
    assertThat(hanging.notes()).isEmpty();
    assertThat(said(Level.WARN)).isEmpty();
    pass(MINUTE);
    look(open);
    pass(MINUTE);
    look(Map.of(IN, new Ends(42, 60), OUT, new Ends(9, 9)));

    assertThat(said(Level.WARN))
        .containsExactly(
            "partition documents-0 hangs: its last stable offset has been 42 for 1200 s, its end is"
                + " 57 (seen first at 2026-11-21T10:00:00Z): nothing is consumed; see"
                + " docs/failures.md#hanging-transactions");
    assertThat(hanging.notes())
        .containsExactly(
            "partition documents-0 hangs: its last stable offset has been 42 for 1260 s, its end is"
                + " 60: nothing is consumed; see docs/failures.md#hanging-transactions");
    assertThat(hanging.count(TopicSelection.named("documents"))).isEqualTo(1);
    assertThat(hanging.count(TopicSelection.named("enriched"))).isZero();
    assertThat(hanging.longestSeconds(TopicSelection.named("documents"))).isEqualTo(1260);
    assertThat(hanging.longestSeconds(TopicSelection.named("enriched"))).isZero();

    pass(MINUTE);
    look(Map.of(IN, new Ends(61, 61), OUT, new Ends(9, 9)));
    lookFor(30, Map.of(IN, new Ends(61, 61), OUT, new Ends(9, 9)));

    assertThat(said(Level.INFO))
        .containsExactly(
            "partition documents-0 moves again: its last stable offset is 61, after 42 for 1260 s");
    assertThat(said(Level.WARN)).hasSize(1);
    assertThat(hanging.notes()).isEmpty();
    assertThat(hanging.count(TopicSelection.named("documents"))).isZero();
    assertThat(hanging.longestSeconds(TopicSelection.named("documents"))).isZero();
  }

  @Test
  void shouldBeginAnewWithEachMoveAlthoughTheEndIsNeverReached() {
    for (int stable = 0; stable < 10; stable++) {
      lookFor(18, Map.of(IN, new Ends(stable, 100)));
      pass(MINUTE);
    }
    assertThat(said(Level.WARN)).isEmpty();

    lookFor(20, Map.of(IN, new Ends(50, 100)));
    lookFor(20, Map.of(IN, new Ends(70, 100)));

    assertThat(said(Level.WARN)).hasSize(2);
    assertThat(said(Level.INFO)).singleElement().asString().contains("moves again").contains("70");
    assertThat(hanging.count(TopicSelection.named("documents"))).isEqualTo(1);
  }

  @Test
  void shouldCountFromTheBeginningOfATransactionNotOfTheQuietBeforeIt() {
    lookFor(600, Map.of(IN, new Ends(42, 42)));

    lookFor(19, Map.of(IN, new Ends(42, 43)));
    assertThat(hanging.notes()).isEmpty();

    pass(MINUTE);
    look(Map.of(IN, new Ends(42, 43)));
    assertThat(hanging.notes()).hasSize(1);
  }

  @Test
  void shouldNotCountTheTimeInWhichNobodyAnswered() {
    Map<Partition, Ends> open = Map.of(IN, new Ends(42, 57));
    lookFor(19, open);
    for (int i = 0; i < 60; i++) {
      pass(MINUTE);
      hanging.lookFailed();
    }
    pass(MINUTE);
    look(open);
    assertThat(hanging.notes()).isEmpty();

    pass(MINUTE);
    look(open);
    assertThat(hanging.longestSeconds(TopicSelection.named("documents"))).isEqualTo(1200);
    assertThat(said(Level.WARN))
        .singleElement()
        .asString()
        .contains("has been 42 for 1200 s")
        .contains("(seen first at 2026-11-21T10:00:00Z)");
  }

  @Test
  void shouldKeepWhatHangsWhileNobodyAnswers() {
    Map<Partition, Ends> open = Map.of(IN, new Ends(42, 57), OUT, new Ends(3, 3));
    lookFor(20, open);

    pass(MINUTE);
    hanging.lookFailed();
    assertThat(hanging.count(TopicSelection.named("documents"))).isEqualTo(1);
    lookFor(30, Map.of(OUT, new Ends(3, 3)), IN);
    assertThat(hanging.count(TopicSelection.named("documents"))).isEqualTo(1);
    assertThat(hanging.longestSeconds(TopicSelection.named("documents"))).isEqualTo(1200);
    pass(MINUTE);
    look(open);
    pass(MINUTE);
    look(open);

    assertThat(hanging.longestSeconds(TopicSelection.named("documents"))).isEqualTo(1260);
    assertThat(said(Level.WARN)).hasSize(1);
    assertThat(said(Level.INFO)).isEmpty();
  }

  @Test
  void shouldForgetAPartitionThatIsGone() {
    Map<Partition, Ends> both = Map.of(IN, new Ends(42, 57), OUT, new Ends(3, 4));
    lookFor(20, both);
    assertThat(hanging.notes()).hasSize(2);

    pass(MINUTE);
    look(Map.of(OUT, new Ends(3, 4)));

    assertThat(hanging.count(TopicSelection.named("documents"))).isZero();
    assertThat(hanging.count(TopicSelection.named("enriched"))).isEqualTo(1);
    assertThat(said(Level.INFO))
        .containsExactly("partition documents-0, which hung, is no longer there");
    lookFor(19, both);
    assertThat(hanging.count(TopicSelection.named("documents"))).isZero();
  }

  @Test
  void shouldListPartitionsInOrderEachWithWhatItMeans() {
    lookFor(1, Map.of(OTHER_IN, new Ends(1, 2)));
    lookFor(20, Map.of(OUT, new Ends(3, 4), OTHER_IN, new Ends(1, 2), IN, new Ends(0, 9)));

    assertThat(hanging.notes())
        .satisfiesExactly(
            first -> assertThat(first).contains("documents-0 ").contains("nothing is consumed"),
            second -> assertThat(second).contains("documents-10 ").contains("been 1 for 1260 s"),
            third -> assertThat(third).contains("enriched-2 ").contains("nothing is seen"));
    assertThat(hanging.count(TopicSelection.named("documents"))).isEqualTo(2);
    assertThat(hanging.longestSeconds(TopicSelection.named("documents"))).isEqualTo(1260);
  }
}
