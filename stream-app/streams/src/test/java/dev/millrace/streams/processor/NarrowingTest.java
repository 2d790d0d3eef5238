package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.header;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Outcome;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.streams.ends.ProcessEnd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many documents, processes that end, and what becomes of whom; all chance comes from a seed. */
class NarrowingTest {
  private static final int DOCUMENTS = 256;
  private static final int IN_FLIGHT = 128;

  @TempDir private Path directory;

  /** A run to the end of all documents. */
  private final class Simulation implements AutoCloseable {
    private final ProcessorHarness app;
    private final Random random;
    private final Set<String> poisons;
    private final ProcessEnd how;
    private final List<FakeEnricher.Submission> open = new ArrayList<>();
    private final List<TestRecord<byte[], byte[]>> enriched = new ArrayList<>();
    private int ends;
    private int looks;

    Simulation(String name, Ordering ordering, long seed, ProcessEnd how, Set<String> poisons)
        throws Exception {
      this.app =
          new ProcessorHarness(
              Files.createDirectory(directory.resolve(name)),
              options(ordering, IN_FLIGHT),
              new Permits(1000, 1 << 20));
      this.random = new Random(seed);
      this.how = how;
      this.poisons = poisons;
    }

    Simulation send(int documents) {
      for (int i = 0; i < documents; i++) {
        app.send("k" + i % 7, "d" + i);
      }
      return this;
    }

    /** Runs until nothing is pending. */
    Simulation run(int endsMax) {
      while (app.stored() > 0) {
        step();
        assertThat(ends).as("ends").isLessThanOrEqualTo(endsMax);
        assertThat(looks).as("looks: %s", this).isLessThan(5_000);
      }
      return this;
    }

    void step() {
      looks++;
      app.tick();
      open.addAll(app.enricher.submissions);
      app.enricher.submissions.clear();
      Collections.shuffle(open, random);
      if (open.stream().anyMatch(at -> poisons.contains(at.document().text()))
          && random.nextInt(3) == 0) {
        end(how);
        return;
      }
      int answers = open.isEmpty() ? 0 : random.nextInt(1 + open.size() / 2);
      for (int i = 0; i < answers + 1 && i < open.size(); i++) {
        FakeEnricher.Submission next = open.get(i);
        if (!poisons.contains(next.document().text())) {
          next.listener()
              .onOutcome(
                  new Outcome.Enriched(
                      FakeEnricher.Enrichments.of(next.document(), next.attempt())));
          open.remove(i);
        }
      }
    }

    boolean somethingIsAlone() {
      try (KeyValueIterator<byte[], byte[]> all = app.store().all()) {
        while (all.hasNext()) {
          KeyValue<byte[], byte[]> entry = all.next();
          if (TakenMark.isReserved(entry.key)) {
            continue;
          }
          Envelope envelope = EnvelopeCodec.decode(ProcessorHarness.id(entry.key), entry.value);
          if (envelope.restarts().trial() == Restarts.Trial.ALONE) {
            return true;
          }
        }
      }
      return false;
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder();
      try (KeyValueIterator<byte[], byte[]> all = app.store().all()) {
        while (all.hasNext()) {
          KeyValue<byte[], byte[]> entry = all.next();
          if (TakenMark.isReserved(entry.key)) {
            continue;
          }
          PendingId id = ProcessorHarness.id(entry.key);
          text.append(id).append(' ');
          text.append(EnvelopeCodec.decode(id, entry.value).restarts()).append('\n');
        }
      }
      return String.format(
          Locale.ROOT,
          "%d ends, open %d, poison %s, pending:%n%s",
          ends,
          open.size(),
          poisons,
          text);
    }

    void end(ProcessEnd kind) {
      ends++;
      open.clear();
      app.enricher.submissions.clear();
      readOn();
      app.restart(kind);
    }

    private void readOn() {
      enriched.addAll(app.read(TOPICS.outputs().enriched()));
    }

    /** Every record but the dead letters, whole. */
    List<String> enriched() {
      readOn();
      return enriched.stream().map(Simulation::whole).toList();
    }

    /** By where the document was read. */
    Map<String, String> enrichedByPlace() {
      readOn();
      Map<String, String> found = new TreeMap<>();
      for (TestRecord<byte[], byte[]> record : enriched) {
        String before = found.put(header(record, RecordHeaderNames.SOURCE_OFFSET), whole(record));
        assertThat(before).isNull();
      }
      return found;
    }

    private static String whole(TestRecord<byte[], byte[]> record) {
      StringBuilder text = new StringBuilder();
      record
          .headers()
          .forEach(header ->
              text.append(header.key())
                  .append('=')
                  .append(HexFormat.of().formatHex(header.value())));
      return String.format(
          Locale.ROOT,
          "%s %s %d %s",
          ProcessorHarness.text(record.key()),
          ProcessorHarness.text(record.value()),
          record.timestamp(),
          text);
    }

    List<String> condemned() {
      return app.letters.stream()
          .map(letter -> {
            byte[] value = letter.value();
            return letter.reason() + " " + (value == null ? "" : ProcessorHarness.text(value));
          })
          .toList();
    }

    @Override
    public void close() {
      app.close();
    }
  }

  /**
   * A crash: one end with all, then halves of 128 down to one, whose third crash it is. Without a
   * trace: two ends more to be suspected, two more alone. Vanished with all that was known: as many
   * more as are remembered.
   */
  @ParameterizedTest
  @CsvSource({
    "CRASHED, 9",
    "UNEXPLAINED, 13",
    "UNKNOWN, 18",
  })
  void shouldFindThePoisonAmongManyAndChangeNothingForTheOthers(ProcessEnd how, int endsMax)
      throws Exception {
    for (Ordering ordering : Ordering.values()) {
      long seed = 20261130L + ordering.name().length();
      String poison = "d" + new Random(seed).nextInt(DOCUMENTS);
      String name = ordering + " " + seed;
      try (Simulation with =
              new Simulation(ordering + "-with", ordering, seed, how, Set.of(poison))
                  .send(DOCUMENTS)
                  .run(endsMax);
          Simulation without =
              new Simulation(ordering + "-without", ordering, -seed, how, Set.of())
                  .send(DOCUMENTS)
                  .run(0)) {
        assertThat(with.condemned()).as(name).containsExactly("PROCESS_ENDED " + poison);
        assertThat(without.condemned()).isEmpty();
        Map<String, String> expected = without.enrichedByPlace();
        assertThat(expected).hasSize(DOCUMENTS);
        expected.remove(poison.substring(1));
        assertThat(with.enrichedByPlace()).as(name).isEqualTo(expected);
      }
    }
  }

  @Test
  void shouldKeepTheOrderOfThePartitionWhilePoisonIsLookedFor() throws Exception {
    try (Simulation with =
            new Simulation("with", Ordering.PARTITION, 5, ProcessEnd.CRASHED, Set.of("d100"))
                .send(DOCUMENTS)
                .run(9);
        Simulation without =
            new Simulation("without", Ordering.PARTITION, 6, ProcessEnd.CRASHED, Set.of())
                .send(DOCUMENTS)
                .run(0)) {
      List<String> expected = new ArrayList<>(without.enriched());
      expected.remove(100);

      assertThat(with.enriched()).isEqualTo(expected);
    }
  }

  @Test
  void shouldFindSeveralPoisons() throws Exception {
    for (long seed = 1; seed <= 2; seed++) {
      Random random = new Random(seed);
      Set<String> poisons =
          Set.of(
              "d" + random.nextInt(40),
              "d" + (40 + random.nextInt(40)),
              "d" + (80 + random.nextInt(170)));
      try (Simulation run =
          new Simulation("several-" + seed, Ordering.NONE, seed, ProcessEnd.CRASHED, poisons)
              .send(DOCUMENTS)
              .run(3 * 9)) {
        assertThat(run.condemned())
            .as("seed %d", seed)
            .containsExactlyInAnyOrderElementsOf(
                poisons.stream().map(text -> "PROCESS_ENDED " + text).toList());
        assertThat(run.enrichedByPlace()).hasSize(DOCUMENTS - 3);
      }
    }
  }

  /** Machines that are taken away, a memory killer, an impatient operator. */
  @Test
  void shouldCondemnNobodyForFiveKillsInARow() throws Exception {
    for (long seed = 1; seed <= 4; seed++) {
      try (Simulation run =
          new Simulation("kills-" + seed, Ordering.NONE, seed, ProcessEnd.UNEXPLAINED, Set.of())
              .send(DOCUMENTS)) {
        for (int kill = 0; kill < 5; kill++) {
          int steps = run.random.nextInt(4);
          for (int i = 0; i < steps; i++) {
            run.step();
          }
          run.end(ProcessEnd.UNEXPLAINED);
        }
        run.run(5);

        assertThat(run.condemned()).as("seed %d", seed).isEmpty();
        assertThat(run.enrichedByPlace()).hasSize(DOCUMENTS);
      }
    }
  }

  /** A driver that crashes now and then, whatever it computes. */
  @Test
  void shouldCondemnNobodyForCrashesThatDoNotFindItAlone() throws Exception {
    for (long seed = 1; seed <= 2; seed++) {
      try (Simulation run =
          new Simulation("hiccups-" + seed, Ordering.NONE, seed, ProcessEnd.CRASHED, Set.of())
              .send(DOCUMENTS)) {
        for (int crash = 0; crash < 6; crash++) {
          for (int i = 0; i < run.random.nextInt(6) || run.somethingIsAlone(); i++) {
            run.step();
          }
          run.end(ProcessEnd.CRASHED);
        }
        run.run(6);

        assertThat(run.condemned()).as("seed %d", seed).isEmpty();
        assertThat(run.enrichedByPlace()).hasSize(DOCUMENTS);
      }
    }
  }
}
